//! What stands on the port: clients that misbehave, and requests to cancel.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_postgres::config::{SslMode, SslNegotiation};

use crate::machine::{MASTER, Machine, PASSWORD, config, text};

#[tokio::test(flavor = "multi_thread")]
async fn no_client_can_spoil_it_for_the_others() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let tls_request = [0, 0, 0, 8, 4, 210, 22, 47];
    let gss_request = [0, 0, 0, 8, 4, 210, 22, 48];
    let nonsense: Vec<Vec<u8>> = vec![
        vec![],
        vec![0],
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        vec![0; 64],
        vec![255; 64],
        [vec![0, 0, 0, 9], vec![0, 3, 0, 0], vec![b'u']].concat(),
        gss_request.repeat(9),
        tls_request.repeat(9),
        [&[0x16, 3, 1][..], &[255; 600]].concat(),
    ];
    for bytes in nonsense {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port()))
            .await
            .unwrap();
        stream.write_all(&bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // Reset or closed: either is an end.
        let ended = timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "{bytes:?} is still being served");
    }
    // One that never says a word is left alone, and hinders nobody.
    let _silent = TcpStream::connect(("127.0.0.1", server.port()))
        .await
        .unwrap();
    let client = machine.login(&server).await;
    assert_eq!(text(&client, "SELECT 'well'").await, "well");
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_can_be_cancelled_through_it() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let client = machine.login(&server).await;
    let cancel = client.cancel_token();
    let query = tokio::spawn(async move { client.batch_execute("SELECT pg_sleep(3600)").await });
    let other = machine.login(&server).await;
    let sleeping = "SELECT count(*)::text FROM pg_stat_activity \
                    WHERE wait_event = 'PgSleep'";
    while text(&other, sleeping).await == "0" {}
    cancel.cancel_query(machine.tls()).await.unwrap();
    let error = query.await.unwrap().unwrap_err();
    assert_eq!(error.code().unwrap().code(), "57014");
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_begin_with_tls_without_asking() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let mut config = config(&server, MASTER, PASSWORD);
    config
        .ssl_mode(SslMode::Require)
        .ssl_negotiation(SslNegotiation::Direct);
    let (client, connection) = config.connect(machine.tls()).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(text(&client, "SELECT 'direct'").await, "direct");
    server.destroy().await.unwrap();
}
