use std::time::Duration;

use super::*;
use crate::tls::authority::AUTHORITY_LIFE;
use crate::tls::sight::{Published, SETTLE, UNSEEN};
use jiff::SignedDuration;

fn names() -> Vec<String> {
    vec!["stow.stow-system.svc".to_owned()]
}

fn authority(wall: Timestamp) -> Authority {
    Authority::generate(wall).unwrap()
}

fn held(wall: Timestamp) -> Held {
    Held::new(Credential::issue(authority(wall), &names(), wall).unwrap())
}

/// Publishes this, since then, and was called later.
fn sight(published: Published, since: Instant) -> Sight {
    Sight {
        published,
        since,
        youngest: Some(since + Duration::from_millis(1)),
    }
}

#[test]
fn another_ca_is_trusted_at_once_and_served_under_once_it_is_published() {
    let (wall, now) = (Timestamp::now(), Instant::now());
    let mut held = held(wall);
    let old = held.wanted().now;
    let next = authority(wall);
    let new = next.trust();

    held.see(Found::Authority(next), &names(), wall, now)
        .unwrap();
    assert_eq!(held.wanted().now, old.and(&new));
    let far = now + UNSEEN * 9;
    let unpublished = sight(Published::Trust(old.clone()), now);
    assert!(!held.advance(&unpublished, &names(), wall, far).unwrap());

    let both = sight(Published::Trust(held.wanted().now), far);
    assert!(!held.advance(&both, &names(), wall, far).unwrap());
    assert!(held.advance(&both, &names(), wall, far + SETTLE).unwrap());
    assert_eq!(held.wanted().now, new);
    assert_eq!(held.current().trust, new);
    assert_eq!(held.wanted().once, old.and(&new));
}

#[test]
fn a_ca_that_is_taken_back_is_not_served_under() {
    let (wall, now) = (Timestamp::now(), Instant::now());
    let first = authority(wall);
    let again = || {
        let (certificates, key) = (first.certificates(), first.key());
        Authority::read(certificates.as_bytes(), key.as_bytes(), wall).unwrap()
    };
    let mut held = Held::new(Credential::issue(again(), &names(), wall).unwrap());
    held.see(Found::Authority(authority(wall)), &names(), wall, now)
        .unwrap();
    held.see(Found::Authority(again()), &names(), wall, now)
        .unwrap();
    let late = now + UNSEEN;
    let unknown = sight(Published::Unknown, now);
    assert!(!held.advance(&unknown, &names(), wall, late).unwrap());
    assert_eq!(held.wanted().now, first.trust());
}

/// Found once, it is not found again with every look: its time runs on.
#[test]
fn a_ca_that_stays_in_the_secret_is_not_put_off() {
    let (wall, now) = (Timestamp::now(), Instant::now());
    let mut held = held(wall);
    let next = authority(wall);
    let read = || {
        let (certificates, key) = (next.certificates(), next.key());
        Found::Authority(Authority::read(certificates.as_bytes(), key.as_bytes(), wall).unwrap())
    };
    held.see(read(), &names(), wall, now).unwrap();
    held.see(read(), &names(), wall, now + UNSEEN).unwrap();
    let unknown = sight(Published::Unknown, now);
    assert!(
        held.advance(&unknown, &names(), wall, now + UNSEEN)
            .unwrap()
    );
}

#[test]
fn an_expired_ca_is_not_waited_for() {
    let (wall, now) = (Timestamp::now(), Instant::now());
    let mut held = held(wall);
    let later = wall + AUTHORITY_LIFE;
    let unpublished = sight(Published::Trust(held.wanted().now), now);
    held.see(Found::Authority(authority(later)), &names(), later, now)
        .unwrap();
    assert!(held.advance(&unpublished, &names(), later, now).unwrap());
    assert!(held.current().leaf.expires > later);
}

#[test]
fn a_leaf_is_renewed_at_two_thirds_of_its_life() {
    let (wall, now) = (Timestamp::now(), Instant::now());
    let mut held = held(wall);
    let published = sight(Published::Trust(held.wanted().now), now);
    let renew = held.current().leaf.renew;
    let before = renew - SignedDuration::from_secs(1);
    assert!(!held.advance(&published, &names(), before, now).unwrap());
    assert!(held.advance(&published, &names(), renew, now).unwrap());
    assert!(held.current().leaf.renew > renew);
}

/// As cert-manager does every two months, and once in years with another CA.
#[test]
fn a_given_leaf_is_served_at_once_under_the_same_ca_alone() {
    let (wall, now) = (Timestamp::now(), Instant::now());
    let (ca, other) = (authority(wall), authority(wall));
    let given = |authority: &Authority| Credential {
        leaf: authority.issue(&names(), wall).unwrap(),
        trust: authority.trust(),
        trust_expires: authority.expires(),
        authority: None,
    };
    let mut held = Held::new(given(&ca));
    let published = sight(Published::Trust(held.wanted().now), now);
    let see = |held: &mut Held, given| held.see(Found::Leaf(given), &names(), wall, now).unwrap();

    let second = given(&ca);
    let certificate = second.leaf.certificate.clone();
    assert!(see(&mut held, second));
    assert_eq!(held.certificate().cert, certificate.cert);

    assert!(!see(&mut held, given(&other)), "nobody trusts it yet");
    let latest = given(&other);
    let last = latest.leaf.certificate.clone();
    assert!(!see(&mut held, latest), "nor that");
    assert!(
        !held
            .advance(&published, &names(), wall, now + UNSEEN)
            .unwrap()
    );
    assert_eq!(held.certificate().cert, certificate.cert);
    let both = sight(Published::Trust(held.wanted().now), now);
    assert!(held.advance(&both, &names(), wall, now + SETTLE).unwrap());
    assert_eq!(
        held.certificate().cert,
        last.cert,
        "the latest that was given"
    );
}
