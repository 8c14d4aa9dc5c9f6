//! The binary: what it says, what it refuses, what it never writes, and its end.

use std::{
    fs::{self, File, Permissions},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use aws_sdk_rds::Client;
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    berth::{code, config_of, create, request, until},
    http::{self, admin},
    signed::{ID, SECRET, client, headers},
};

const PATIENCE: Duration = Duration::from_mins(1);

fn drydock(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    command
        .args(arguments)
        .env_remove("DRYDOCK_SECRET_ACCESS_KEY");
    command
}

/// A run that must end by itself.
fn run(arguments: &[&str]) -> (Output, String) {
    let output = drydock(arguments).output().unwrap();
    let said = [&output.stdout[..], &output.stderr].concat();
    (output, String::from_utf8(said).unwrap())
}

/// A run with its log in a file; it is killed if a test fails.
struct Running {
    process: Child,
    log: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Running {
    fn start(log: &Path, level: &str, arguments: &[&str]) -> Self {
        let process = drydock(&["--listen", "127.0.0.1:0"])
            .args(arguments)
            .env("RUST_LOG", level)
            .stderr(Stdio::from(File::create(log).unwrap()))
            .spawn()
            .unwrap();
        Self {
            process,
            log: log.to_owned(),
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits for a text in the log, and takes what follows it.
    async fn until(&self, text: &str) -> String {
        let reading = harness::eventually(format!("the words {text:?}"), PATIENCE, || async {
            let log = self.log();
            let (_, rest) = log.split_once(text).ok_or_else(|| log.clone())?;
            let (rest, _) = rest.split_once('\n').ok_or_else(|| log.clone())?;
            Ok::<_, String>(rest.to_owned())
        });
        reading.await.unwrap()
    }

    async fn address(&self) -> SocketAddr {
        let rest = self.until("answering address=").await;
        rest.split(' ').next().unwrap().parse().unwrap()
    }

    fn terminate(&mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
        self.process.wait().unwrap().code()
    }
}

#[test]
fn it_says_what_it_is() {
    let (output, said) = run(&["--version"]);
    assert!(output.status.success());
    assert!(said.starts_with("drydock 0."), "{said}");
    let (output, said) = run(&["--help"]);
    assert!(output.status.success());
    for word in [
        "--fault",
        "shift:N",
        "--advertise",
        "DRYDOCK_SECRET_ACCESS_KEY",
        "/_drydock/",
    ] {
        assert!(said.contains(word), "{word} is not in {said}");
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_clearly() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, file, torn) = (path("data"), path("file"), path("torn"));
    fs::write(&file, "").unwrap();
    fs::create_dir(&torn).unwrap();
    fs::write(Path::new(&torn).join("state.json"), "{\"regions\":").unwrap();
    let first = Running::start(
        &folder.path().join("log"),
        "info",
        &["--data", &data, "--without-postgres"],
    );
    let address = first.address().await.to_string();
    for (arguments, why) in [
        (
            vec!["--data", &data, "--listen", "127.0.0.1:0"],
            "in use by another drydock",
        ),
        (vec!["--data", &file, "--listen", "127.0.0.1:0"], "file: "),
        (
            vec!["--data", "/proc/drydock", "--listen", "127.0.0.1:0"],
            "/proc/drydock: ",
        ),
        (
            vec!["--data", &torn, "--listen", "127.0.0.1:0"],
            "cannot be read as drydock's state",
        ),
        (
            vec!["--data", &path("new"), "--listen", &address],
            &*address,
        ),
        (
            vec!["--data", &path("new"), "--listen", "0.0.0.0:0"],
            "--access-key-id",
        ),
        (
            vec!["--data", &path("new"), "--fault", "x"],
            "there is no =",
        ),
        (vec![], "--data"),
    ] {
        let (output, said) = run(&[&arguments[..], &["--without-postgres"]].concat());
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said.contains(why), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
    // The first was not disturbed.
    let address: SocketAddr = address.parse().unwrap();
    assert_eq!(admin(address, "GET health", "").await.0, 200);
}

#[tokio::test]
async fn flags_set_what_the_routes_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut running = Running::start(
        &folder.path().join("log"),
        "info",
        &[
            "--data",
            data.to_str().unwrap(),
            "--without-postgres",
            "--account",
            "210987654321",
            "--advertise",
            "db.example.org",
            "--fault",
            "StopDBInstance=throttling",
            "--fault",
            r#"{"action": "StartDBInstance", "effect": {"delay-answer": 3600000}}"#,
        ],
    );
    let rds = Client::new(&config_of(running.address().await, "eu-west-1"));
    create(&rds, "a").await;
    let made = until(&rds, "a", "available").await;
    assert!(made.db_instance_arn().unwrap().contains(":210987654321:"));
    assert_eq!(made.endpoint().unwrap().address(), Some("db.example.org"));
    let stop = rds
        .stop_db_instance()
        .db_instance_identifier("a")
        .send()
        .await;
    assert_eq!(code(stop), "Throttling");
    running
        .until("action=\"StopDBInstance\" region=\"eu-west-1\" instance=\"a\"")
        .await;
    // An answer that takes long does not keep it from ending.
    let late = tokio::spawn(rds.start_db_instance().db_instance_identifier("a").send());
    running.until("action=\"StartDBInstance\"").await;
    assert_eq!(running.terminate(), Some(0));
    assert!(late.await.unwrap().is_err());
}

#[tokio::test]
async fn no_password_is_written_anywhere_but_in_its_state() {
    const FIRST: &str = "canary-first-Zq81";
    const SECOND: &str = "canary-second-Zq82";
    const THIRD: &str = "canary-third-Zq83";
    let folder = tempfile::tempdir().unwrap();
    // As root, PostgreSQL runs as another user, who must come through.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
    let data = folder.path().join("data");
    let secret = folder.path().join("secret");
    fs::write(&secret, SECRET).unwrap();
    let mut running = Running::start(
        &folder.path().join("log"),
        "trace",
        &[
            "--data",
            data.to_str().unwrap(),
            "--access-key-id",
            ID,
            "--secret-access-key-file",
            secret.to_str().unwrap(),
        ],
    );
    let address = running.address().await;
    let rds = client(address, ID, SECRET, None);
    let create = request(&rds, "a").master_user_password(FIRST);
    create.send().await.unwrap();
    until(&rds, "a", "available").await;
    let modify = rds.modify_db_instance().db_instance_identifier("a");
    let modify = modify.master_user_password(SECOND);
    modify.send().await.unwrap();
    until(&rds, "a", "available").await;
    // Refused ones are not quoted, either.
    let short = request(&rds, "b").master_user_password("canary\"");
    assert_eq!(code(short.send().await), "InvalidParameterValue");
    let ask = async |line: &str, body: &str| {
        let head = headers(line, body.as_bytes(), SECRET, 0);
        http::exchange(address, &http::request(line, &head, body.as_bytes())).await
    };
    let password = format!(r#"{{"password": "{THIRD}"}}"#);
    let done = ask("POST /_drydock/instances/eu-west-1/a", &password).await;
    assert!(done.starts_with("HTTP/1.1 204 "), "{done}");
    until(&rds, "a", "available").await;
    let calls = ask("GET /_drydock/calls", "").await;
    assert!(calls.contains("ModifyDBInstance") && !calls.contains("canary"));
    assert_eq!(running.terminate(), Some(0));
    let log = running.log();
    assert!(log.contains("TRACE"), "{log}");
    assert!(!log.contains("canary") && !log.contains(SECRET));
    let state = fs::metadata(data.join("state.json")).unwrap();
    assert_eq!(state.permissions().mode() & 0o777, 0o600);
    assert!(
        fs::read_to_string(data.join("state.json"))
            .unwrap()
            .contains(THIRD)
    );
    let mut folders = vec![data.clone()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() && path != data.join("state.json") {
                let bytes = fs::read(&path).unwrap();
                let found = bytes.windows(7).any(|window| window == b"canary-");
                assert!(!found, "a password is in {}", path.display());
                files += 1;
            }
        }
    }
    assert!(files > 100, "{files} files are no server");
}

#[tokio::test]
async fn what_is_advertised_is_in_the_certificate_and_listened_on() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
    let data = folder.path().join("data");
    let arguments = [
        "--data",
        data.to_str().unwrap(),
        "--advertise",
        "db.localhost",
    ];
    let running = Running::start(&folder.path().join("log"), "info", &arguments);
    let address = running.address().await;
    let rds = Client::new(&config_of(address, "eu-west-1"));
    create(&rds, "a").await;
    let endpoint = until(&rds, "a", "available").await.endpoint.unwrap();
    assert_eq!(endpoint.address(), Some("db.localhost"));
    let (_, authority) = admin(address, "GET authority.pem", "").await;
    let port = u16::try_from(endpoint.port.unwrap()).unwrap();
    for (name, trusted) in [
        ("db.localhost", true),
        ("127.0.0.1", true),
        ("other.localhost", false),
    ] {
        let shaken = shake_hands(port, name, &authority).await;
        assert_eq!(shaken.is_ok(), trusted, "{name}: {shaken:?}");
    }
}

/// TLS as PostgreSQL begins it, with a server that must have this name.
async fn shake_hands(port: u16, name: &str, authority: &str) -> std::io::Result<()> {
    use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut roots = rustls::RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(authority.as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let config = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    stream
        .write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])
        .await?;
    assert_eq!(stream.read_u8().await?, b'S');
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    connector.connect(name, stream).await.map(drop)
}
