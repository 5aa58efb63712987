use sync_core::{MemoryStore, testing::store_laws::Law};

fn run(law: Law) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(law(&MemoryStore::new()));
}

sync_core::store_laws!(run);
