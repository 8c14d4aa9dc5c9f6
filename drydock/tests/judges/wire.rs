//! What answers look like: by botocore's model, and beside moto's.

use std::path::Path;

use harness::Moto;

use crate::berth::Berth;

#[tokio::test]
async fn every_answer_has_the_shape_of_botocores_model() {
    let berth = Berth::with_servers(&[]).await;
    berth.judge("check_shapes.py", &[&berth.url()]).await;
}

#[tokio::test]
async fn what_differs_from_moto_is_listed_with_who_is_right() {
    let (berth, moto) = tokio::join!(Berth::with_servers(&[]), Moto::start());
    let moto = moto.unwrap();
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/drydock/differences.md");
    let url = berth.url();
    let mut arguments = vec![moto.url(), &url, list.to_str().unwrap()];
    if std::env::var_os("JUDGES").is_some_and(|wish| wish == "write") {
        arguments.push("--write");
    }
    berth.judge("check_differences.py", &arguments).await;
}
