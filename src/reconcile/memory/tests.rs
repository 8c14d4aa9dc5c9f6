//! What is remembered, and for how long.

use super::*;
use crate::rds::{ModifyInstance, Settings};

fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
}

fn protection(on: bool) -> Action {
    Action::Modify(Box::new(ModifyInstance {
        settings: Settings {
            deletion_protection: Some(on),
            ..Settings::default()
        },
        ..ModifyInstance::default()
    }))
}

fn class(class: &str) -> Action {
    Action::Modify(Box::new(ModifyInstance {
        class: Some(class.to_owned()),
        ..ModifyInstance::default()
    }))
}

fn password(text: &str) -> Action {
    Action::Modify(Box::new(ModifyInstance {
        master_password: Some(Password::new(text.to_owned())),
        ..ModifyInstance::default()
    }))
}

fn issued(memory: &Memory) -> Vec<Action> {
    let issued = memory.issued.iter();
    issued.map(|(action, _)| action.clone()).collect()
}

#[test]
fn what_was_accepted_counts_until_the_opposite_is() {
    let mut memory = Memory::default();
    memory.accept(&class("db.t3.large"), at(0));
    memory.accept(&protection(true), at(1));
    memory.accept(&protection(false), at(2));
    assert_eq!(issued(&memory), [class("db.t3.large"), protection(false)]);
    // An answer that was lost may have been a yes.
    memory.supersede(&protection(true));
    assert_eq!(issued(&memory), [class("db.t3.large")]);
}

#[test]
fn a_memory_does_not_grow() {
    let mut memory = Memory::default();
    for second in 0..100 {
        let tags = [(second.to_string(), String::new())].into();
        let arn = String::new();
        let tagged = Action::AddTags { arn, tags };
        memory.ask(&tagged, at(second));
        memory.accept(&tagged, at(second));
    }
    assert_eq!(memory.issued.len(), MOST_ISSUED);
    let last: Vec<_> = (90..100).map(at).collect();
    assert_eq!(memory.asked, last);
}

#[test]
fn a_password_is_accepted_by_its_own_answer_alone() {
    let mut memory = Memory::default();
    let sent = |memory: &Memory| {
        let sent = memory.sent_password.as_ref();
        sent.map(|sent| (sent.password.expose().to_owned(), sent.accepted))
    };
    memory.ask(&password("one"), at(0));
    memory.accept(&password("one"), at(0));
    assert_eq!(sent(&memory), Some(("one".to_owned(), true)));
    memory.ask(&class("db.t3.large"), at(1));
    memory.accept(&class("db.t3.large"), at(1));
    assert_eq!(sent(&memory), Some(("one".to_owned(), true)));
    memory.ask(&password("two"), at(2));
    assert_eq!(sent(&memory), Some(("two".to_owned(), false)));
    // It was refused, or its answer lost, and another change is accepted.
    memory.accept(&class("db.t3.large"), at(3));
    assert_eq!(sent(&memory), Some(("two".to_owned(), false)));
}
