//! The example store of the documentation keeps the laws too.

#[allow(dead_code, unreachable_pub)]
#[path = "../../examples/own_store.rs"]
mod own_store;

use sync_core::testing::store_laws::Law;

fn run(law: Law) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(law(&own_store::OwnStore::default()));
}

sync_core::store_laws!(run);
