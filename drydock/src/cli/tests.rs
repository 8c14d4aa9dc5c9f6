//! Arguments that fit together, and those that do not.

use super::*;

const SECRET_KEY: &str = "0123456789abcdef";

fn plan(arguments: &[&str], secret: Option<&str>) -> Result<Plan, String> {
    let all = ["drydock", "--data", "/x"].iter().chain(arguments);
    let cli = Cli::try_parse_from(all).map_err(|error| error.to_string())?;
    let planned = cli.plan(secret.map(str::to_owned));
    planned.map_err(|error| error.to_string())
}

#[track_caller]
fn refused(arguments: &[&str], secret: Option<&str>, why: &str) {
    let refused = plan(arguments, secret).unwrap_err();
    assert!(refused.contains(why), "{arguments:?}: {refused}");
}

#[test]
fn loopback_needs_nothing() {
    let plan = plan(&[], None).unwrap();
    assert_eq!(plan.advertised, "127.0.0.1");
    assert_eq!(plan.reach.names, Reach::default().names);
    assert!(plan.reach.listen.is_loopback());
    assert!(plan.key.is_none());
    assert_eq!(plan.cache, PathBuf::from("/x/cache"));
}

#[test]
fn beyond_loopback_it_wants_a_key_and_an_address() {
    let open = ["--listen", "0.0.0.0:4566"];
    refused(&open, None, "wants an access key");
    refused(&open, Some(SECRET_KEY), "wants an access key");
    let keyed = ["--listen", "0.0.0.0:4566", "--access-key-id", "AKID"];
    refused(&keyed, None, "wants a secret");
    refused(&keyed, Some("short"), "at least 16");
    refused(&keyed, Some(SECRET_KEY), "--advertise");
    let whole = [&keyed[..], &["--advertise", "db.example.org"]].concat();
    let plan = plan(&whole, Some(SECRET_KEY)).unwrap();
    assert_eq!(plan.advertised, "db.example.org");
    assert!(plan.reach.names.contains(&"db.example.org".to_owned()));
    assert!(plan.reach.names.contains(&"127.0.0.1".to_owned()));
    assert!(plan.reach.listen.is_unspecified());
    let shown = format!("{plan:?}");
    assert!(shown.contains("AKID") && !shown.contains(SECRET_KEY));
}

#[test]
fn the_secret_comes_from_a_file_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let file = file.to_str().unwrap();
    let arguments = ["--access-key-id", "AKID", "--secret-access-key-file", file];
    refused(&arguments, None, "No such file");
    fs::write(file, format!("{SECRET_KEY}\n")).unwrap();
    assert!(plan(&arguments, None).unwrap().key.is_some());
    refused(&arguments[2..], None, "--access-key-id");
}

#[test]
fn what_means_nothing_is_refused() {
    for (arguments, why) in [
        (["--advertise", "0.0.0.0"], "0.0.0.0"),
        (["--advertise", "10.0.0"], "10.0.0"),
        (["--advertise", "a b"], "neither an address nor a name"),
        (["--advertise", "http://x"], "neither an address nor a name"),
        (["--access-key-id", "A/B"], "letters and digits"),
        (["--account", "123"], "12 digits"),
        (["--delay-of", "creating"], "creating=5000"),
        (["--delay-of", "creatign=5"], "not a status"),
        (["--lag", "9999999999999"], "longest delay"),
        (["--fault", "Nope=reset"], "not an Action"),
        (["--fault", "*=explode"], "unknown variant"),
    ] {
        refused(&arguments, Some(SECRET_KEY), why);
    }
}
