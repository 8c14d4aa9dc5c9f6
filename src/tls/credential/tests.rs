use super::*;
use jiff::SignedDuration;
use k8s_openapi::ByteString;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};

const NAME: &str = "stow.stow-system.svc";

/// A CA, a leaf of it for this name, and the leaf's key, in PEM.
fn pki(name: &str) -> [String; 3] {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let (year, next) = (2020, 2040);
    params.not_before = rcgen::date_time_ymd(year, 1, 1);
    params.not_after = rcgen::date_time_ymd(next, 1, 1);
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, &ca).unwrap();
    [ca.pem(), leaf.pem(), key.serialize_pem()]
}

fn secret(data: [(&str, &str); 3]) -> Secret {
    let data = data.map(|(key, text)| (key.to_owned(), ByteString(text.as_bytes().to_vec())));
    Secret {
        data: Some(data.into()),
        ..Secret::default()
    }
}

#[test]
fn what_cert_manager_writes_is_taken_if_an_api_server_would() {
    let now: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
    let years = |years: i64| SignedDuration::from_hours(24 * 365 * years);
    let [ca, crt, key] = pki(NAME);
    let [other_ca, _, other_key] = pki(NAME);
    let [elsewhere_ca, elsewhere, elsewhere_key] = pki("stow.elsewhere.svc");
    let table = [
        ([&ca, &crt, &key], now, None),
        ([&String::new(), &crt, &key], now, Some("it has no ca.crt")),
        ([&ca, &String::new(), &key], now, Some("it has no tls.crt")),
        (
            [&"x".to_owned(), &crt, &key],
            now,
            Some("its ca.crt cannot be read"),
        ),
        (
            [&ca, &crt, &"x".to_owned()],
            now,
            Some("its tls.key cannot be read"),
        ),
        (
            [&ca, &crt, &other_key],
            now,
            Some("accepted as stow.stow-system.svc's"),
        ),
        ([&other_ca, &crt, &key], now, Some("BadSignature")),
        (
            [&elsewhere_ca, &elsewhere, &elsewhere_key],
            now,
            Some("elsewhere"),
        ),
        ([&ca, &crt, &key], now + years(20), Some("expired")),
        ([&ca, &crt, &key], now - years(20), Some("not valid yet")),
    ];
    for (texts, now, expected) in table {
        let [ca, crt, key] = texts;
        let secret = secret([("ca.crt", ca), ("tls.crt", crt), ("tls.key", key)]);
        match (Credential::given(&secret, NAME, now), expected) {
            (Ok(given), None) => {
                assert_eq!(given.leaf.expires, "2040-01-01T00:00:00Z".parse().unwrap());
                assert_eq!(given.trust.pem(), *ca);
            }
            (Err(broken), Some(expected)) => {
                let text = broken.to_string();
                assert!(text.contains(expected), "{text}: {expected}");
                assert!(!text.contains("PRIVATE"), "{text}");
            }
            (outcome, expected) => panic!("{outcome:?}: {expected:?}"),
        }
    }
}
