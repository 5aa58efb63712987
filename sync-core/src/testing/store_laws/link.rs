//! What is known of pairs.

use std::collections::HashSet;

use super::desk::{Desk, at, done, ending, left, pair, right};
use crate::{
    Commit, Document, Finish, Intent, Key, Link, LinkContent, LinkWrite, Planned, Refused,
    Replaces, Side, Sides, Store, Value,
};

fn full_content() -> LinkContent {
    let base = Document::new()
        .with("active", true)
        .with(
            "amount",
            Value::Decimal("1234567890123456789.10".parse().unwrap()),
        )
        .with("day", Value::Date("1999-12-31".parse().unwrap()))
        .with("empty", Value::Null)
        .with("list", Value::List(vec!["a".into(), Value::Null]))
        .with("name", "Müller & Söhne \"東京\"\n")
        .with(
            "seen",
            Value::Instant("2026-03-01T10:00:00.123456789Z".parse().unwrap()),
        );
    LinkContent {
        ids: Sides::new(Some("C'0001".into()), Some("3652397000000649013".into())),
        detached: Some(Side::Right),
        base: Some(base.clone()),
        digest: Some("9f86d081".into()),
        planned: Some(Planned {
            agreed: base,
            seen: Sides::new(Document::new(), Document::new().with("name", "x")),
            replaces: Sides::new(
                Replaces {
                    read: Document::new().with("name", Value::Null),
                    written: Document::new().with("name", "y"),
                    as_of: Some(at(0)),
                },
                Replaces::default(),
            ),
            until: Some(at(5)),
        }),
        intent: Some(Intent {
            target: Side::Left,
            key: Key {
                field: "reference".into(),
                value: "3652397000000649013".into(),
            },
            since: at(0),
        }),
        unsettled_writes: u32::MAX,
    }
}

/// A link is read as it was written, under both identities, however it is asked for.
pub async fn link_comes_back_whole(store: &dyn Store) {
    let desk = Desk::new(store, "link-whole");
    let job = desk.job("a", at(0)).await;
    let written = desk.insert(&job, full_content()).await;
    assert_eq!(
        written.content,
        full_content(),
        "a prepared link is returned as it was written"
    );
    let by_left = desk.link_of(left("C'0001")).await;
    assert_eq!(
        by_left.as_ref(),
        Some(&written),
        "a link is found by its left identity, as it was written"
    );
    let by_right = desk.link_of(right("3652397000000649013")).await;
    assert_eq!(
        by_right.as_ref(),
        Some(&written),
        "a link is found by its right identity, as it was written"
    );
    let all = done(
        store
            .all_links(&desk.connection, &desk.flow, None, 10)
            .await,
        "listing links",
    );
    assert_eq!(
        all,
        std::slice::from_ref(&written),
        "a link is listed as it was written"
    );
    let bare = pair("C'0001", "3652397000000649013");
    let replace = LinkWrite::Replace {
        id: written.id,
        expected: written.revision,
        content: bare.clone(),
    };
    let replaced = done(desk.write(&job, replace).await, "replacing a link");
    assert_eq!(
        (replaced.id, &replaced.content),
        (written.id, &bare),
        "a link keeps its identity when it is replaced"
    );
    assert_eq!(
        desk.link_of(left("C'0001")).await,
        Some(replaced),
        "what is no longer known of a link is gone"
    );
}

/// There is one answer for each record, in the order asked, with nothing for those that have no link.
pub async fn links_answer_in_order(store: &dyn Store) {
    let desk = Desk::new(store, "links-order");
    let first = desk.link(pair("l1", "r1")).await;
    let second = desk.link(pair("l2", "r2")).await;
    desk.other_flow("contacts").link(pair("l3", "")).await;
    let asked = [
        right("r2"),
        left("r2"),
        left("l1"),
        left("none"),
        left("l3"),
        right("r1"),
        right("r2"),
    ];
    let answers = desk.links(&asked).await;
    let expected = [
        Some(second.clone()),
        None,
        Some(first.clone()),
        None,
        None,
        Some(first),
        Some(second),
    ];
    assert_eq!(answers, expected, "links are answered in the order asked");
    assert!(
        desk.links(&[]).await.is_empty(),
        "who asks for nothing gets nothing"
    );
}

/// Each write of a link, by prepare or by commit, makes a revision that it never had.
pub async fn each_write_makes_a_new_revision(store: &dyn Store) {
    let desk = Desk::new(store, "revisions");
    let mut link = desk.link(pair("l", "r")).await;
    let mut revisions = HashSet::from([link.revision]);
    for round in 0..6 {
        let replace = LinkWrite::Replace {
            id: link.id,
            expected: link.revision,
            content: pair("l", "r"),
        };
        let job = desk.job("a", at(round)).await;
        if round % 2 == 0 {
            let commit = Commit {
                link: Some(replace),
                ..ending(&job, Finish::Done)
            };
            done(
                desk.commit(&[commit], at(round)).await.remove(0),
                "committing a link",
            );
        } else {
            done(desk.write(&job, replace).await, "preparing a link");
            desk.finish(&job, Finish::Done, at(round)).await;
        }
        let found = desk.link_of(left("l")).await;
        link = found.unwrap_or_else(|| panic!("a link that was replaced is gone"));
        assert!(
            revisions.insert(link.revision),
            "each write of a link makes a new revision"
        );
    }
}

/// Who read a link before somebody else wrote it can neither replace nor remove it.
pub async fn stale_revision_is_refused(store: &dyn Store) {
    let desk = Desk::new(store, "stale-revision");
    let old = desk.link(pair("l", "r")).await;
    let job = desk.job("a", at(0)).await;
    let newer = LinkContent {
        unsettled_writes: 1,
        ..pair("l", "r")
    };
    let replace = LinkWrite::Replace {
        id: old.id,
        expected: old.revision,
        content: newer.clone(),
    };
    done(desk.write(&job, replace.clone()).await, "replacing a link");
    let remove = LinkWrite::Remove {
        id: old.id,
        expected: old.revision,
    };
    for stale in [replace, remove] {
        if matches!(stale, LinkWrite::Replace { .. }) {
            let outcome = desk.write(&job, stale.clone()).await;
            assert_eq!(
                outcome,
                Err(Refused::StaleLink),
                "a link that somebody else wrote cannot be prepared"
            );
        }
        let commit = Commit {
            link: Some(stale),
            ..ending(&job, Finish::Done)
        };
        let outcome = desk.commit(&[commit], at(0)).await.remove(0);
        assert_eq!(
            outcome,
            Err(Refused::StaleLink),
            "a link that somebody else wrote cannot be committed"
        );
    }
    let found = desk.link_of(left("l")).await.map(|link| link.content);
    assert_eq!(found, Some(newer), "a refused write changes nothing");
    desk.finish(&job, Finish::Done, at(0)).await;
}

pub(super) async fn remove(desk: &Desk<'_>, link: &Link) {
    let job = desk.job("law-remover", at(0)).await;
    let removal = LinkWrite::Remove {
        id: link.id,
        expected: link.revision,
    };
    let commit = Commit {
        link: Some(removal),
        ..ending(&job, Finish::Done)
    };
    done(
        desk.commit(&[commit], at(0)).await.remove(0),
        "removing a link",
    );
}

/// A removed link is not found any more, and nobody who still knows it can bring it back or hit its successor.
pub async fn removed_link_stays_removed(store: &dyn Store) {
    let desk = Desk::new(store, "removed");
    let old = desk.link(pair("l", "r")).await;
    remove(&desk, &old).await;
    assert_eq!(
        desk.links(&[left("l"), right("r")]).await,
        [None, None],
        "a removed link is not found"
    );
    let all = done(
        store
            .all_links(&desk.connection, &desk.flow, None, 10)
            .await,
        "listing links",
    );
    assert!(all.is_empty(), "a removed link is not listed");
    let job = desk.job("a", at(0)).await;
    let replace = LinkWrite::Replace {
        id: old.id,
        expected: old.revision,
        content: pair("l", "r"),
    };
    assert_eq!(
        desk.write(&job, replace.clone()).await,
        Err(Refused::StaleLink),
        "a removed link cannot be replaced"
    );
    let successor = desk.insert(&job, pair("l", "r")).await;
    assert_ne!(
        (successor.id, successor.revision),
        (old.id, old.revision),
        "a link made after a removal is another one"
    );
    let outcome = desk.write(&job, replace).await;
    assert_eq!(
        outcome,
        Err(Refused::StaleLink),
        "who knows a removed link cannot write its successor"
    );
    assert_eq!(
        desk.link_of(left("l")).await,
        Some(successor),
        "the successor is untouched"
    );
}

/// Within a flow a record belongs to one link. The same text on the other side or in another flow is another record.
pub async fn identity_belongs_to_one_link(store: &dyn Store) {
    let desk = Desk::new(store, "identity");
    let link = desk.link(pair("1", "2")).await;
    let other = desk.link(pair("2", "1")).await;
    desk.other_flow("contacts").link(pair("1", "2")).await;
    let job = desk.job("a", at(0)).await;
    for (content, side) in [
        (pair("1", ""), Side::Left),
        (pair("", "2"), Side::Right),
        (pair("1", "3"), Side::Left),
        (pair("3", "2"), Side::Right),
    ] {
        let refused = Err(Refused::AlreadyLinked { side });
        let outcome = desk.write(&job, LinkWrite::Insert(content.clone())).await;
        assert_eq!(outcome, refused, "no second link is made with an identity");
        let commit = Commit {
            link: Some(LinkWrite::Insert(content.clone())),
            ..ending(&job, Finish::Done)
        };
        let outcome = desk.commit(&[commit], at(0)).await.remove(0);
        assert_eq!(
            outcome.err(),
            refused.clone().err(),
            "no second link is committed with an identity"
        );
        let replace = LinkWrite::Replace {
            id: other.id,
            expected: other.revision,
            content,
        };
        assert_eq!(
            desk.write(&job, replace).await,
            refused,
            "no link takes over another one's identity"
        );
    }
    assert_eq!(
        desk.link_of(left("1")).await,
        Some(link),
        "the owner of an identity is untouched"
    );
    assert_eq!(
        desk.link_of(right("1")).await,
        Some(other),
        "a refused link is untouched"
    );
    assert_eq!(
        desk.links(&[left("3"), right("3")]).await,
        [None, None],
        "a refused link takes no identity"
    );
}

/// An identity that its link gave up, or whose link was removed, is free.
pub async fn identity_is_free_after_its_link(store: &dyn Store) {
    let desk = Desk::new(store, "identity-free");
    let link = desk.link(pair("l", "r")).await;
    let job = desk.job("a", at(0)).await;
    let moved = LinkWrite::Replace {
        id: link.id,
        expected: link.revision,
        content: pair("l", "r2"),
    };
    let moved = done(
        desk.write(&job, moved).await,
        "giving a link another identity",
    );
    assert_eq!(
        desk.link_of(right("r")).await,
        None,
        "an identity that was given up leads nowhere"
    );
    assert_eq!(
        desk.link_of(right("r2")).await.as_ref(),
        Some(&moved),
        "the new identity leads to the link"
    );
    let taker = desk.insert(&job, pair("l2", "r")).await;
    assert_eq!(
        desk.link_of(right("r")).await.as_ref(),
        Some(&taker),
        "an identity that was given up is free"
    );
    desk.finish(&job, Finish::Done, at(0)).await;
    remove(&desk, &moved).await;
    let again = desk.link(pair("l", "r2")).await;
    assert_eq!(
        desk.link_of(left("l")).await,
        Some(again),
        "the identities of a removed link are free"
    );
}

/// A link that was made before its partner existed gets the partner later.
pub async fn half_link_gains_its_partner(store: &dyn Store) {
    let desk = Desk::new(store, "half");
    let half = desk.link(pair("", "r")).await;
    assert_eq!(
        desk.link_of(right("r")).await.as_ref(),
        Some(&half),
        "a half link is found by the identity it has"
    );
    let second = desk.link(pair("", "r2")).await;
    let job = desk.job("a", at(0)).await;
    let commit = Commit {
        link: Some(LinkWrite::Replace {
            id: half.id,
            expected: half.revision,
            content: pair("l", "r"),
        }),
        ..ending(&job, Finish::Done)
    };
    done(
        desk.commit(&[commit], at(0)).await.remove(0),
        "binding a half link",
    );
    let links = desk.links(&[left("l"), right("r"), right("r2")]).await;
    let ids: Vec<_> = links
        .iter()
        .map(|link| link.as_ref().map(|link| link.id))
        .collect();
    assert_eq!(
        ids,
        [Some(half.id), Some(half.id), Some(second.id)],
        "a half link keeps its identity as it is bound"
    );
}

/// All links can be walked through in pages, in order of id, each once.
pub async fn links_page_in_order_of_id(store: &dyn Store) {
    let desk = Desk::new(store, "links-page");
    let mut made = Vec::new();
    for id in ["d", "b", "a", "c", "e"] {
        made.push(desk.link(pair(id, "")).await);
        desk.other_flow("contacts").link(pair(id, "")).await;
    }
    made.sort_by_key(|link| link.id);
    let mut walked = Vec::new();
    for expected in [2, 2, 1, 0] {
        let after = walked.last().map(|link: &Link| link.id);
        let page = done(
            store
                .all_links(&desk.connection, &desk.flow, after, 2)
                .await,
            "listing links",
        );
        assert_eq!(page.len(), expected, "a page is full while there are links");
        walked.extend(page);
    }
    assert_eq!(
        walked, made,
        "pages give each link of the flow once, in order of id"
    );
}
