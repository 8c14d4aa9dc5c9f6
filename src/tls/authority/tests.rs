use super::*;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{ServerName, UnixTime};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

const NOW: i64 = 1_800_000_000;

/// Whether a client that trusts `trusted` accepts the leaf under that name.
fn accepts(trusted: &Authority, leaf: &Leaf, name: &str, now: Timestamp) -> bool {
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(trusted.certificates().as_bytes()) {
        roots.add(root.unwrap()).unwrap();
    }
    let provider = Arc::new(default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now.as_second().unsigned_abs()));
    let name = ServerName::try_from(name).unwrap();
    let end = leaf.certificate.end_entity_cert().unwrap();
    verifier
        .verify_server_cert(end, &[], &name, &[], now)
        .is_ok()
}

#[test]
fn a_leaf_is_accepted_under_its_names_while_it_lives() {
    let ca = Authority::generate(at(NOW)).unwrap();
    let names = ["stow.stow-system.svc".to_owned(), "127.0.0.1".to_owned()];
    let leaf = ca.issue(&names, at(NOW)).unwrap();
    assert!(accepts(&ca, &leaf, "stow.stow-system.svc", at(NOW)));
    assert!(accepts(&ca, &leaf, "127.0.0.1", at(NOW)));
    assert!(!accepts(&ca, &leaf, "stow.other.svc", at(NOW)));
    assert!(
        accepts(&ca, &leaf, "127.0.0.1", at(NOW - 3500)),
        "a slow clock"
    );
    assert!(!accepts(
        &ca,
        &leaf,
        "127.0.0.1",
        leaf.expires + SignedDuration::from_secs(2)
    ));
    assert!(leaf.renew > at(NOW) && leaf.renew < leaf.expires);
    let other = Authority::generate(at(NOW)).unwrap();
    assert!(!accepts(&other, &leaf, "127.0.0.1", at(NOW)));
}

#[test]
fn a_ca_that_was_stored_issues_what_the_first_one_vouches_for() {
    let ca = Authority::generate(at(NOW)).unwrap();
    let stored = Authority::read(ca.certificates().as_bytes(), ca.key().as_bytes(), at(NOW));
    let stored = stored.unwrap();
    assert!(stored.is(&ca));
    let leaf = stored.issue(&["a.svc".to_owned()], at(NOW)).unwrap();
    assert!(accepts(&ca, &leaf, "a.svc", at(NOW)));
}

#[test]
fn of_several_certificates_the_one_of_the_key_issues() {
    let (old, new) = (
        Authority::generate(at(NOW)).unwrap(),
        Authority::generate(at(NOW)).unwrap(),
    );
    let both = [old.certificates(), new.certificates()].concat();
    let read = Authority::read(both.as_bytes(), new.key().as_bytes(), at(NOW)).unwrap();
    let leaf = read.issue(&["a.svc".to_owned()], at(NOW)).unwrap();
    assert!(accepts(&new, &leaf, "a.svc", at(NOW)));
    assert!(!accepts(&old, &leaf, "a.svc", at(NOW)));
    assert!(accepts(
        &read,
        &old.issue(&["a.svc".to_owned()], at(NOW)).unwrap(),
        "a.svc",
        at(NOW)
    ));
}

#[test]
fn what_is_broken_is_named() {
    let ca = Authority::generate(at(NOW)).unwrap();
    let other = Authority::generate(at(NOW)).unwrap();
    let leaf_key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::default().self_signed(&leaf_key).unwrap();
    let (crt, key) = (ca.certificates().to_owned(), ca.key());
    let late = at(NOW) + AUTHORITY_LIFE;
    let table = [
        (crt.clone(), key.clone(), at(NOW), None),
        (
            "nonsense".to_owned(),
            key.clone(),
            at(NOW),
            Some(Broken::Unreadable("ca.crt")),
        ),
        (
            crt.clone(),
            "nonsense".to_owned(),
            at(NOW),
            Some(Broken::Unreadable("ca.key")),
        ),
        (crt.clone(), other.key(), at(NOW), Some(Broken::Unpaired)),
        (
            leaf.pem(),
            leaf_key.serialize_pem(),
            at(NOW),
            Some(Broken::NotAnAuthority),
        ),
        (crt.clone(), key.clone(), late, Some(Broken::Expired(late))),
        (
            crt,
            key,
            at(NOW - 7200),
            Some(Broken::Early(at(NOW - 3600))),
        ),
    ];
    for (crt, key, now, expected) in table {
        let read = Authority::read(crt.as_bytes(), key.as_bytes(), now);
        assert_eq!(read.err(), expected);
    }
}

#[test]
fn the_private_key_is_not_shown() {
    let ca = Authority::generate(at(NOW)).unwrap();
    assert_eq!(
        format!("{ca:?}"),
        format!("Authority {{ expires: {:?}, .. }}", ca.expires)
    );
}

#[test]
fn the_next_ca_is_due_at_two_thirds_of_its_life() {
    let ca = Authority::generate(at(NOW)).unwrap();
    let due = at(NOW) + AUTHORITY_LIFE / 3 * 2;
    assert!(!ca.is_due(due - SignedDuration::from_secs(1)) && ca.is_due(due));
    // A stored one is known by its dates alone, which begin a little earlier.
    let late = due - SKEW;
    let stored = Authority::read(ca.certificates().as_bytes(), ca.key().as_bytes(), at(NOW));
    let stored = stored.unwrap();
    assert!(!stored.is_due(late) && stored.is_due(due));
}

/// A user may have others trusted beside it; what is no certificate would have API
/// servers refuse the whole caBundle.
#[test]
fn what_cannot_be_read_beside_its_own_is_not_trusted() {
    let [ca, other] = [(); 2].map(|()| Authority::generate(at(NOW)).unwrap());
    let block = |der: &[u8]| pem::encode(&pem::Pem::new("CERTIFICATE", der));
    let junk = block(b"no certificate");
    let longer = block(&[other.issuer.as_ref(), b"and more"].concat());
    let (own, key) = (ca.certificates(), ca.key());
    let table: [(&[&str], &[usize]); 5] = [
        (&[own], &[]),
        (&[own, &junk], &[2]),
        (&[&longer, own], &[1]),
        (&[&junk, &longer, own, &junk], &[1, 2, 4]),
        (&[own, other.certificates(), &junk], &[3]),
    ];
    for (texts, unreadable) in table {
        let read = Authority::read(texts.concat().as_bytes(), key.as_bytes(), at(NOW)).unwrap();
        assert_eq!(read.unreadable(), unreadable);
        assert_eq!(read.trust().has(&other.issuer), unreadable == [3]);
        assert_eq!(read.trust().iter().count(), texts.len() - unreadable.len());
        let leaf = read.issue(&["a.svc".to_owned()], at(NOW)).unwrap();
        assert!(accepts(&ca, &leaf, "a.svc", at(NOW)));
        // It goes back into its Secret as it was.
        assert_eq!(read.certificates(), texts.concat());
    }
    for (text, broken) in [
        (junk.clone(), Broken::Unreadable("ca.crt")),
        (
            [junk.as_str(), other.certificates()].concat(),
            Broken::Unpaired,
        ),
    ] {
        let read = Authority::read(text.as_bytes(), key.as_bytes(), at(NOW));
        assert_eq!(read.unwrap_err(), broken);
    }
}
