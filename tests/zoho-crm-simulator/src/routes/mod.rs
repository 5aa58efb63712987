//! The operations of the API: which one a request means, which scope it needs, under which word it is counted.

mod find;
mod scope;

pub(crate) use scope::scope_covers;

use crate::mass;

/// An operation of the API. A verb that a path offers beside others is told by the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    List(String),
    GetOne(String, String),
    Insert(String),
    UpdateMany(String),
    UpdateOne(String, String),
    Upsert(String),
    DeleteMany(String),
    DeleteOne(String, String),
    Deleted(String),
    Search(String),
    Count(String),
    Related(RelatedPath),
    /// The related list of a deleted record.
    DeletedRelated(RelatedPath),
    Attachments(RelatedPath),
    Locks(RelatedPath),
    Timeline(String, String),
    Photo(String, String),
    FieldFile(String, String),
    Clone(String, String),
    FullData(String, String),
    Convert(String, String),
    ConversionOptions(String, String),
    /// With the id of a single record.
    ChangeOwner(String, Option<String>),
    AddTags(String, Option<String>),
    RemoveTags(String, Option<String>),
    Mass(mass::Kind, String),
    Tags,
    Tag(String),
    TagCount(String),
    TagMerge(String),
    Files,
    Composite,
    Coql,
    Watch,
    Modules,
    Module(String),
    Fields,
    Field(String),
    PicklistValues(String),
    Layouts,
    Layout(String),
    RelatedLists,
    RelatedList(String),
    CustomViews,
    CustomView(String),
    Pipelines,
    Pipeline(String),
    GlobalPicklists,
    GlobalPicklist(String),
    RecycleBin,
    RecycleBinItem(String),
    DuplicateCheck,
    BulkRead,
    BulkReadJob(String),
    BulkReadResult(String),
    Upload,
    BulkWrite,
    BulkWriteJob(String),
    BulkWriteResult(String),
    Org,
    Currencies,
    Currency(String),
    AvailableCurrencies,
    Users,
    User(String),
}

/// `/{module}/{id}/{list}` and, with the related record, `/{module}/{id}/{list}/{related}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelatedPath {
    pub(crate) module: String,
    pub(crate) id: String,
    pub(crate) list: String,
    pub(crate) related: Option<String>,
}

impl Route {
    /// The word under which calls are counted.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::List(_) => "list",
            Self::GetOne(..) => "get",
            Self::Insert(_) => "insert",
            Self::UpdateMany(_) | Self::UpdateOne(..) => "update",
            Self::Upsert(_) => "upsert",
            Self::DeleteMany(_) | Self::DeleteOne(..) => "delete",
            Self::Deleted(_) => "deleted",
            Self::Search(_) => "search",
            Self::Count(_) => "count",
            Self::Related(_) | Self::DeletedRelated(_) => "related",
            Self::Attachments(_) => "attachments",
            Self::Locks(_) => "locks",
            Self::Timeline(..) => "timeline",
            Self::Photo(..) => "photo",
            Self::FieldFile(..) => "field_file",
            Self::Clone(..) => "clone",
            Self::FullData(..) => "full_data",
            Self::Convert(..) | Self::ConversionOptions(..) => "convert",
            Self::ChangeOwner(..) => "change_owner",
            Self::AddTags(..) | Self::RemoveTags(..) => "tags",
            Self::Mass(..) => "mass",
            Self::Files => "files",
            Self::Composite => "composite",
            Self::Coql => "coql",
            Self::Watch => "watch",
            Self::BulkRead | Self::BulkReadJob(_) | Self::BulkReadResult(_) => "bulk_read",
            Self::Upload => "upload",
            Self::BulkWrite | Self::BulkWriteJob(_) | Self::BulkWriteResult(_) => "bulk_write",
            Self::RecycleBin | Self::RecycleBinItem(_) => "recycle_bin",
            Self::Org => "org",
            Self::Currencies | Self::Currency(_) | Self::AvailableCurrencies => "currencies",
            Self::Users | Self::User(_) => "users",
            _ => "metadata",
        }
    }

    /// The module a record operation works on.
    pub(crate) fn module(&self) -> Option<&str> {
        match self {
            Self::List(module)
            | Self::GetOne(module, _)
            | Self::Insert(module)
            | Self::UpdateMany(module)
            | Self::UpdateOne(module, _)
            | Self::Upsert(module)
            | Self::DeleteMany(module)
            | Self::DeleteOne(module, _)
            | Self::Deleted(module)
            | Self::Search(module)
            | Self::Count(module)
            | Self::Photo(module, _)
            | Self::FieldFile(module, _)
            | Self::Timeline(module, _)
            | Self::Clone(module, _)
            | Self::FullData(module, _)
            | Self::Convert(module, _)
            | Self::ConversionOptions(module, _)
            | Self::ChangeOwner(module, _)
            | Self::AddTags(module, _)
            | Self::RemoveTags(module, _)
            | Self::Mass(_, module) => Some(module),
            Self::Related(path)
            | Self::DeletedRelated(path)
            | Self::Attachments(path)
            | Self::Locks(path) => Some(&path.module),
            _ => None,
        }
    }

    /// Whether the body holds rows that are inserted, updated or upserted.
    pub(crate) const fn writes_rows(&self) -> bool {
        matches!(
            self,
            Self::Insert(_) | Self::UpdateMany(_) | Self::UpdateOne(..) | Self::Upsert(_)
        )
    }
}
