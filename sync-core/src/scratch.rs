//! Room for what does not fit into memory while a first sync is planned.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use crate::store::StoreError;

/// Gives out room. What is in it need not outlive the process.
#[async_trait]
pub trait Scratch: fmt::Debug + Send + Sync + 'static {
    /// An empty area, which nobody else sees. It is given back when the last reference to it is dropped.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn area(&self) -> Result<Arc<dyn ScratchArea>, StoreError>;
}

/// Rows in shelves, in order of key.
#[async_trait]
pub trait ScratchArea: fmt::Debug + Send + Sync + 'static {
    /// Puts rows on a shelf. A row with the key of another replaces it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn put(&self, shelf: &'static str, rows: Vec<ScratchRow>) -> Result<(), StoreError>;

    /// What is under each key, in order; `None` where there is nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn get(
        &self,
        shelf: &'static str,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StoreError>;

    /// The rows of a shelf in order of key, byte by byte, after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn page(
        &self,
        shelf: &'static str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ScratchRow>, StoreError>;

    /// Removes all rows of a shelf.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn clear(&self, shelf: &'static str) -> Result<(), StoreError>;
}

/// A text under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScratchRow {
    /// The key.
    pub key: String,
    /// The text.
    pub body: String,
}

/// Room in memory: enough for some hundred thousand records. The example crate `sql-store` has some on disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryScratch;

#[async_trait]
impl Scratch for MemoryScratch {
    async fn area(&self) -> Result<Arc<dyn ScratchArea>, StoreError> {
        Ok(Arc::new(MemoryArea::default()))
    }
}

type Shelves = BTreeMap<&'static str, BTreeMap<String, String>>;

#[derive(Default)]
struct MemoryArea {
    shelves: Mutex<Shelves>,
}

impl MemoryArea {
    fn with<T>(&self, use_it: impl FnOnce(&mut Shelves) -> T) -> T {
        // Each use leaves the maps whole, so that a panic elsewhere does not matter.
        use_it(&mut self.shelves.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for MemoryArea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryArea").finish_non_exhaustive()
    }
}

#[async_trait]
impl ScratchArea for MemoryArea {
    async fn put(&self, shelf: &'static str, rows: Vec<ScratchRow>) -> Result<(), StoreError> {
        self.with(|shelves| {
            let rows = rows.into_iter().map(|row| (row.key, row.body));
            shelves.entry(shelf).or_default().extend(rows);
        });
        Ok(())
    }

    async fn get(
        &self,
        shelf: &'static str,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StoreError> {
        Ok(self.with(|shelves| {
            let rows = shelves.get(shelf);
            keys.iter().map(|key| rows?.get(key).cloned()).collect()
        }))
    }

    async fn page(
        &self,
        shelf: &'static str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ScratchRow>, StoreError> {
        use std::ops::Bound::{Excluded, Unbounded};
        Ok(self.with(|shelves| {
            let Some(rows) = shelves.get(shelf) else {
                return Vec::new();
            };
            let rows = rows.range::<str, _>((after.map_or(Unbounded, Excluded), Unbounded));
            let row = |(key, body): (&String, &String)| ScratchRow {
                key: key.clone(),
                body: body.clone(),
            };
            rows.take(limit).map(row).collect()
        }))
    }

    async fn clear(&self, shelf: &'static str) -> Result<(), StoreError> {
        self.with(|shelves| shelves.remove(shelf));
        Ok(())
    }
}
