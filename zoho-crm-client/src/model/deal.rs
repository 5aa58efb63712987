//! Deals.

use client_core::ExactDecimal;
use jiff::civil::Date;

use super::{DateTime, Lookup, Text};

zoho_model! {
    /// A record of `Deals`: a sale in the making (reference: Zoho v8 section 4.3, read 2026-11). `Deal_Name` and `Stage` are mandatory, `Closing_Date` and `Pipeline` by layout and pipeline settings. A deal has
    /// no lines of its own: they are its quotes'.
    ///
    /// Further standard fields and custom ones are in `other`.
    pub struct Deal of "Deals" {
        /// Name of the deal. Upserts match by it unless told otherwise.
        deal_name: Text = "Deal_Name",
        /// The company.
        account: Box<Lookup> = "Account_Name",
        /// The person.
        contact: Box<Lookup> = "Contact_Name",
        /// The campaign that it came from.
        campaign_source: Box<Lookup> = "Campaign_Source",
        /// What it is worth, in the record's currency.
        amount: ExactDecimal = "Amount",
        /// Amount by probability.
        expected_revenue: ExactDecimal = "Expected_Revenue",
        /// Probability of winning, in percent.
        probability: i64 = "Probability",
        /// How far it is, from a picklist of its pipeline.
        stage: Text = "Stage",
        /// The pipeline it is in, from a picklist.
        pipeline: Text = "Pipeline",
        /// When it is expected to be closed, or was.
        closing_date: Date = "Closing_Date",
        /// Kind of business, from a picklist.
        deal_type: Text = "Type",
        /// Where it came from, from a picklist.
        lead_source: Text = "Lead_Source",
        /// What to do next.
        next_step: Text = "Next_Step",
        /// Why it was lost, from a picklist.
        reason_for_loss: Text = "Reason_For_Loss__s",
        /// Free text, not usable in COQL conditions.
        description: Text = "Description",
        /// ISO code of its currency; only where the organisation has several.
        currency: Text = "Currency",
        /// Rate to the organisation's own currency; only where it has several.
        exchange_rate: ExactDecimal = "Exchange_Rate",
        /// The user in charge.
        owner: Box<Lookup> = "Owner",
        /// Who created it. Read only.
        created_by: Box<Lookup> = "Created_By",
        /// Who changed it last. Read only.
        modified_by: Box<Lookup> = "Modified_By",
        /// When it was created. Read only, whole seconds.
        created_time: DateTime = "Created_Time",
        /// When it was changed last. Read only, whole seconds.
        modified_time: DateTime = "Modified_Time",
    }
}
