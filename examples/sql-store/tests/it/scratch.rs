//! Room on disk is used as room in memory is.

use proptest::prelude::*;
use sql_store::TemporaryFiles;
use sync_core::{MemoryScratch, Scratch, ScratchArea, ScratchRow};

use crate::block_on;

#[derive(Clone, Debug)]
enum Operation {
    Put(bool, Vec<(String, String)>),
    Get(bool, Vec<String>),
    Page(bool, Option<String>, usize),
    Clear(bool),
}

fn operation() -> impl Strategy<Value = Operation> {
    let key = || "[ab\u{0}é]{0,2}";
    prop_oneof![
        4 => (any::<bool>(), prop::collection::vec((key(), ".{0,3}"), 0..5))
            .prop_map(|(shelf, rows)| Operation::Put(shelf, rows)),
        2 => (any::<bool>(), prop::collection::vec(key(), 0..4))
            .prop_map(|(shelf, keys)| Operation::Get(shelf, keys)),
        3 => (any::<bool>(), proptest::option::of(key()), 0usize..4)
            .prop_map(|(shelf, after, limit)| Operation::Page(shelf, after, limit)),
        1 => any::<bool>().prop_map(Operation::Clear),
    ]
}

async fn apply(area: &dyn ScratchArea, operation: &Operation) -> String {
    let shelf = |second: bool| if second { "second" } else { "first" };
    match operation.clone() {
        Operation::Put(at, rows) => {
            let rows = rows.into_iter().map(|(key, body)| ScratchRow { key, body });
            area.put(shelf(at), rows.collect()).await.unwrap();
            String::new()
        }
        Operation::Get(at, keys) => format!("{:?}", area.get(shelf(at), &keys).await.unwrap()),
        Operation::Page(at, after, limit) => {
            let page = area.page(shelf(at), after.as_deref(), limit).await;
            format!("{:?}", page.unwrap())
        }
        Operation::Clear(at) => {
            area.clear(shelf(at)).await.unwrap();
            String::new()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn temporary_files_answer_as_memory_does(operations in prop::collection::vec(operation(), 1..40)) {
        block_on(async {
            let (memory, file) = (MemoryScratch.area().await.unwrap(), TemporaryFiles.area().await.unwrap());
            for operation in &operations {
                let answers = (apply(&*memory, operation).await, apply(&*file, operation).await);
                prop_assert_eq!(answers.0, answers.1, "{:?}", operation);
            }
            Ok(())
        })?;
    }
}

#[test]
fn areas_know_nothing_of_each_other() {
    block_on(async {
        let (one, other) = (
            TemporaryFiles.area().await.unwrap(),
            TemporaryFiles.area().await.unwrap(),
        );
        apply(
            &*one,
            &Operation::Put(false, vec![("a".into(), "1".into())]),
        )
        .await;
        let found = other.page("first", None, 10).await.unwrap();
        assert!(found.is_empty());
    });
}
