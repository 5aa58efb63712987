//! Records as blocks of a screen.

use std::fmt::{self, Write as _};

use super::xml::escaped;
use crate::{error::InvalidRequest, scalar::Scalar};

/// A record as SOAP web services carry it: groups of single fields, and tables with rows. Block and field names are those of
/// the published screen. All values are text in X3's own forms (`YYYYMMDD`, local menus as numbers).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SoapObject {
    pub(super) groups: Vec<(String, SoapRow)>,
    pub(super) tables: Vec<(String, Vec<SoapRow>)>,
}

/// The fields of a group, or of one row of a table.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SoapRow {
    /// Position in the table, from 1, where it matters.
    pub(super) number: Option<usize>,
    pub(super) fields: Vec<(String, SoapField)>,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SoapField {
    /// A single value.
    Single(String),
    /// The values of a field with several places, such as `BPRNAM`.
    List(Vec<String>),
}

impl SoapObject {
    /// No value.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field of a group.
    ///
    /// # Errors
    /// When a name cannot be one, or the value has no form in SOAP.
    pub fn field(
        mut self,
        block: &str,
        field: &str,
        value: impl Into<Scalar>,
    ) -> Result<Self, InvalidRequest> {
        let text = text(&value.into())?;
        self.group_mut(block)?.set(field, SoapField::Single(text))?;
        Ok(self)
    }

    /// Sets all places of a field of a group.
    ///
    /// # Errors
    /// As for [`field`](Self::field).
    pub fn list(
        mut self,
        block: &str,
        field: &str,
        values: impl IntoIterator<Item = Scalar>,
    ) -> Result<Self, InvalidRequest> {
        let values = values.into_iter().map(|value| text(&value));
        let list = SoapField::List(values.collect::<Result<_, _>>()?);
        self.group_mut(block)?.set(field, list)?;
        Ok(self)
    }

    /// Adds a row to a table.
    ///
    /// # Errors
    /// As for [`field`](Self::field).
    pub fn row<'a>(
        mut self,
        block: &str,
        fields: impl IntoIterator<Item = (&'a str, Scalar)>,
    ) -> Result<Self, InvalidRequest> {
        let mut row = SoapRow::default();
        for (field, value) in fields {
            row.set(field, SoapField::Single(text(&value)?))?;
        }
        self.table_mut(block)?.push(row);
        Ok(self)
    }

    /// A field of a group.
    #[must_use]
    pub fn get(&self, block: &str, field: &str) -> Option<&str> {
        let (_, group) = self.groups.iter().find(|(name, _)| name == block)?;
        group.get(field)
    }

    /// A field of whatever group has it.
    #[must_use]
    pub fn find(&self, field: &str) -> Option<&str> {
        self.groups.iter().find_map(|(_, group)| group.get(field))
    }

    /// The rows of a table.
    #[must_use]
    pub fn rows(&self, block: &str) -> &[SoapRow] {
        self.tables
            .iter()
            .find(|(name, _)| name == block)
            .map_or(&[], |(_, rows)| rows)
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.tables.is_empty()
    }

    /// Whether it holds rows of tables.
    pub(super) fn has_rows(&self) -> bool {
        self.tables.iter().any(|(_, rows)| !rows.is_empty())
    }

    pub(crate) fn group_mut(&mut self, block: &str) -> Result<&mut SoapRow, InvalidRequest> {
        named(&mut self.groups, block)
    }

    pub(crate) fn table_mut(&mut self, block: &str) -> Result<&mut Vec<SoapRow>, InvalidRequest> {
        named(&mut self.tables, block)
    }

    /// `objectXml`. Source: reference sage-x3 section 4.7.
    pub(super) fn to_xml(&self) -> Result<String, InvalidRequest> {
        let mut xml = String::from("<PARAM>");
        for (block, group) in &self.groups {
            let _ = write!(xml, "<GRP ID=\"{block}\">");
            group.write(&mut xml)?;
            xml.push_str("</GRP>");
        }
        for (block, rows) in &self.tables {
            let _ = write!(xml, "<TAB ID=\"{block}\" SIZE=\"{}\">", rows.len());
            for (index, row) in rows.iter().enumerate() {
                let _ = write!(xml, "<LIN NUM=\"{}\">", row.number.unwrap_or(index + 1));
                row.write(&mut xml)?;
                xml.push_str("</LIN>");
            }
            xml.push_str("</TAB>");
        }
        xml.push_str("</PARAM>");
        Ok(xml)
    }
}

fn named<'a, T: Default>(
    blocks: &'a mut Vec<(String, T)>,
    name: &str,
) -> Result<&'a mut T, InvalidRequest> {
    check_name(name)?;
    let index = match blocks.iter().position(|(known, _)| known == name) {
        Some(index) => index,
        None => {
            blocks.push((name.to_owned(), T::default()));
            blocks.len() - 1
        }
    };
    match blocks.get_mut(index) {
        Some((_, block)) => Ok(block),
        None => Err(InvalidRequest::new("a block is missing")),
    }
}

impl SoapRow {
    /// A single value, or the first of several.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&str> {
        match self.field(field)? {
            SoapField::Single(value) => Some(value),
            SoapField::List(values) => values.first().map(String::as_str),
        }
    }

    /// The value of a field.
    #[must_use]
    pub fn field(&self, field: &str) -> Option<&SoapField> {
        self.fields
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value)
    }

    /// The fields that there are.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    pub(crate) fn set(&mut self, field: &str, value: SoapField) -> Result<(), InvalidRequest> {
        check_name(field)?;
        match self.fields.iter_mut().find(|(name, _)| name == field) {
            Some((_, place)) => *place = value,
            None => self.fields.push((field.to_owned(), value)),
        }
        Ok(())
    }

    fn write(&self, xml: &mut String) -> Result<(), InvalidRequest> {
        for (name, value) in &self.fields {
            match value {
                SoapField::Single(value) => {
                    let _ = write!(xml, "<FLD NAME=\"{name}\">{}</FLD>", escaped(value)?);
                }
                SoapField::List(values) => {
                    let _ = write!(xml, "<LST NAME=\"{name}\" SIZE=\"{}\">", values.len());
                    for value in values {
                        let _ = write!(xml, "<ITM>{}</ITM>", escaped(value)?);
                    }
                    xml.push_str("</LST>");
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for SoapObject {
    /// Shows names and no value: values are customers' data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        map.entries(self.groups.iter().map(|(name, group)| (name, group)));
        map.entries(self.tables.iter().map(|(name, rows)| (name, rows)));
        map.finish()
    }
}

impl fmt::Debug for SoapRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// Names come from configuration, so they are checked rather than escaped.
fn check_name(name: &str) -> Result<(), InvalidRequest> {
    let fits = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if fits {
        return Ok(());
    }
    Err(InvalidRequest::new(format!(
        "`{name}` is no name of a block or field: they consist of letters, digits and underscores, such as BPC0_1"
    )))
}

/// A value in X3's own form.
pub(crate) fn text(value: &Scalar) -> Result<String, InvalidRequest> {
    Ok(match value {
        Scalar::Null => String::new(),
        // Menu 1: no is 1, yes is 2.
        Scalar::Boolean(value) => if *value { "2" } else { "1" }.to_owned(),
        Scalar::Integer(value) => value.to_string(),
        Scalar::Decimal(value) => value.to_string(),
        Scalar::Text(text) => text.clone(),
        Scalar::Date(day) => day.strftime("%Y%m%d").to_string(),
        Scalar::Instant(_) => {
            return Err(InvalidRequest::new(
                "an instant has no form in SOAP web services: send a day",
            ));
        }
    })
}
