//! Upgrades that were cut off while the new data took the old ones' place. On a
//! machine with one major version there is nothing to test.

use std::fs;

use drydock::postgres::{Server, Spec};

use crate::machine::{Machine, text};

/// What the kill came after; each is a state of the folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Done {
    /// The new data are not complete.
    Nothing,
    Loaded,
    OldAside,
    NewInPlace,
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_was_cut_off_is_finished_or_forgotten() {
    let machine = Machine::new().await;
    let versions = machine.installations.versions();
    let (from, to) = (versions[0].major(), versions[versions.len() - 1].major());
    if from == to {
        return;
    }
    for done in [
        Done::Nothing,
        Done::Loaded,
        Done::OldAside,
        Done::NewInPlace,
    ] {
        let folder = machine.path("one");
        let make = async |folder: &std::path::Path, major: u32, row: &str| {
            let spec = Spec {
                major,
                ..machine.spec()
            };
            let server = Server::create(&machine.installations, folder, spec).await;
            let server = server.unwrap();
            let client = machine.login(&server).await;
            let create = format!("CREATE TABLE cargo AS SELECT '{row}' AS item");
            client.batch_execute(&create).await.unwrap();
            if major == from {
                server.back_up().await.unwrap();
            }
            server.stop().await.unwrap();
            server.port()
        };
        let port = make(&folder, from, "old").await;
        let new = folder.join("upgrade");
        make(&new, to, "new").await;
        match done {
            Done::Nothing => fs::remove_file(new.join("server.json")).unwrap(),
            Done::Loaded => {}
            Done::OldAside | Done::NewInPlace => {
                fs::rename(folder.join("data"), new.join("old")).unwrap();
            }
        }
        if done == Done::NewInPlace {
            fs::rename(new.join("data"), folder.join("data")).unwrap();
        }

        let server = Server::open(&machine.installations, &folder).await.unwrap();
        server.start().await.unwrap();
        assert_eq!(server.port(), port, "{done:?}");
        let client = machine.login(&server).await;
        let found = text(&client, "SELECT item FROM cargo").await;
        let backups = server.backups();
        if done == Done::Nothing {
            assert_eq!((&*found, server.major().await), ("old", from));
            assert!(backups.join("wal").exists());
        } else {
            assert_eq!((&*found, server.major().await), ("new", to), "{done:?}");
            assert!(!backups.join("wal").exists());
            let earlier = backups.join("earlier").join(from.to_string());
            assert!(earlier.join("wal").exists());
        }
        assert!(!new.exists(), "{done:?}");
        server.destroy().await.unwrap();
        assert!(!folder.exists());
    }
}
