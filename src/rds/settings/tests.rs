//! Settings beside each other: what differs, overlaps, and falls apart.

use super::*;

fn settings(port: Option<u16>, retention: Option<i32>, window: Option<&str>) -> Settings {
    Settings {
        port,
        backup_retention: retention,
        backup_window: window.map(str::to_owned),
        ..Settings::default()
    }
}

#[test]
fn only_what_is_stated_and_shown_otherwise_differs() {
    let wanted = settings(Some(5433), Some(7), Some("03:00-04:00"));
    let shown = settings(Some(5432), Some(7), None);
    assert_eq!(wanted.beyond(&shown), settings(Some(5433), None, None));
    assert_eq!(Settings::default().beyond(&shown), Settings::default());
}

#[test]
fn what_is_stated_stands_over_what_is_beneath() {
    let above = settings(Some(5433), None, None);
    let beneath = settings(Some(5432), Some(7), None);
    assert_eq!(above.over(&beneath), settings(Some(5433), Some(7), None));
    assert_eq!(
        above.over(&beneath).shared(&beneath),
        settings(None, Some(7), None)
    );
}

#[test]
fn settings_overlap_where_both_state_one() {
    let one = settings(Some(5433), Some(7), None);
    assert!(one.overlaps(&settings(None, Some(1), Some("03:00-04:00"))));
    assert!(!one.overlaps(&settings(None, None, Some("03:00-04:00"))));
    assert!(!one.overlaps(&Settings::default()));
}

#[test]
fn settings_apart_are_all_of_them_and_the_windows_go_together() {
    let all = Settings {
        port: Some(5433),
        backup_retention: Some(7),
        backup_window: Some("03:00-04:00".into()),
        maintenance_window: Some("sun:05:00-sun:06:00".into()),
        auto_minor_version_upgrade: Some(true),
        parameter_group: Some("own".into()),
        security_groups: Some(["sg-1".into()].into()),
        publicly_accessible: Some(false),
        iam_authentication: Some(true),
        performance_insights: Some(true),
        enhanced_interval: Some(60),
        log_exports: Some(["upgrade".into()].into()),
        extended_support: Some(false),
        deletion_protection: Some(true),
    };
    let apart = all.clone().apart();
    let words: Vec<_> = apart.iter().map(Settings::words).collect();
    for (index, words) in words.iter().enumerate() {
        let windows = words.iter().any(|word| word.starts_with("backup.window"));
        assert_eq!(
            words.len(),
            if windows { 2 } else { 1 },
            "{index}: {words:?}"
        );
    }
    let together = apart
        .iter()
        .fold(Settings::default(), |sum, one| sum.over(one));
    assert_eq!(together, all);
    assert_eq!(Settings::default().apart(), []);
}
