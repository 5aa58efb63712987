//! Which codes no table has: what a person fills in before records can cross.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::Engine;
use crate::{
    endpoint::Record,
    error::Error,
    flow::Flow,
    ids::{FieldName, FlowName, RecordId},
    job::{JobKey, ParkReason, ParkedJob},
    mapping::MissingCode,
    side::{Side, Sides},
};

/// Parked jobs in a page.
const PAGE: usize = 500;

/// Records named for each code.
const SAMPLES: usize = 5;

/// Which records are looked through for codes that no table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodeScan {
    /// Those that are parked because a value has no counterpart. They are read again, so that all their codes are found
    /// and not the first one alone.
    Parked,
    /// All records of both systems; of a mirror those of its owner. Before a first sync nothing is parked yet.
    Everything,
}

/// A code that no table has, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnmappedCode {
    /// The flow.
    pub flow: FlowName,
    /// The row of its mapping that holds the code.
    pub row: FieldName,
    /// The code, its table and whose it is.
    pub missing: MissingCode,
    /// How many records hold it.
    pub records: u64,
    /// Some of them, in order of their identities.
    pub samples: Vec<RecordId>,
}

/// Records that hold a code, by row and code.
type Found = BTreeMap<(FieldName, MissingCode), Holders>;

#[derive(Debug, Default)]
struct Holders {
    count: u64,
    samples: BTreeSet<RecordId>,
}

impl Engine {
    /// The codes of a flow's records that its tables lack: by row, table, side and code. Reads, and writes nothing; its
    /// calls count like any others.
    ///
    /// # Errors
    /// [`Error::UnknownFlow`], [`Error::Store`], [`Error::Side`].
    pub async fn unmapped_codes(
        &self,
        flow: &FlowName,
        scan: CodeScan,
    ) -> Result<Vec<UnmappedCode>, Error> {
        let flow = self.flow(flow)?;
        let mut found = Found::new();
        match scan {
            CodeScan::Parked => self.scan_parked(flow, &mut found).await?,
            CodeScan::Everything => {
                let target = flow.policy.mode.target();
                for side in Side::BOTH.into_iter().filter(|side| Some(*side) != target) {
                    self.scan_side(flow, side, &mut found).await?;
                }
            }
        }
        let unmapped = found
            .into_iter()
            .map(|((row, missing), holders)| UnmappedCode {
                flow: flow.name.clone(),
                row,
                missing,
                records: holders.count,
                samples: holders.samples.into_iter().collect(),
            });
        Ok(unmapped.collect())
    }

    async fn scan_parked(&self, flow: &Flow, found: &mut Found) -> Result<(), Error> {
        let mut after: Option<JobKey> = None;
        loop {
            let page = self.parked(&flow.name, after.as_ref(), PAGE).await?;
            let Some(last) = page.last().map(|job| job.key.clone()) else {
                return Ok(());
            };
            let mut ids: Sides<BTreeSet<RecordId>> = Sides::default();
            for job in page.iter().filter(|job| is_unmappable(job)) {
                ids.get_mut(job.key.side).insert(job.key.id.clone());
                for side in Side::BOTH {
                    ids.get_mut(side).extend(job.parked.ids.get(side).clone());
                }
            }
            for side in Side::BOTH {
                let ids: Vec<RecordId> = ids.get(side).iter().cloned().collect();
                let most = flow.endpoints.get(side).capabilities().read_batch.max(1);
                for ids in ids.chunks(most) {
                    let read = self.call_read(flow, side, ids).await;
                    let records = read.map_err(|error| side_failed(flow, side, error))?;
                    look_through(flow, side, records.iter().flatten(), found);
                }
            }
            after = Some(last);
        }
    }

    async fn scan_side(&self, flow: &Flow, side: Side, found: &mut Found) -> Result<(), Error> {
        let mut page = None;
        loop {
            let read = self.call_list(flow, side, page.as_ref()).await;
            let read = read.map_err(|error| side_failed(flow, side, error))?;
            look_through(flow, side, read.records.iter(), found);
            match read.next {
                Some(next) => page = Some(next),
                None => return Ok(()),
            }
        }
    }
}

fn is_unmappable(job: &ParkedJob) -> bool {
    matches!(job.parked.reason, ParkReason::Unmappable { .. })
}

fn side_failed(flow: &Flow, side: Side, error: crate::EndpointError) -> Error {
    Error::Side {
        flow: flow.name.clone(),
        side,
        source: Arc::new(error),
    }
}

fn look_through<'a>(
    flow: &Flow,
    side: Side,
    records: impl Iterator<Item = &'a Record>,
    found: &mut Found,
) {
    for record in records {
        for code in flow.mapping.missing_codes(side, &record.fields) {
            let holders = found.entry(code).or_default();
            holders.count += 1;
            holders.samples.insert(record.id.clone());
            if holders.samples.len() > SAMPLES {
                holders.samples.pop_last();
            }
        }
    }
}
