//! Sales invoices.

use client_core::DecodeError;

use super::macros::record;
use crate::api1::{Amount, Api1Record, Day, LocalMenu, Moment};

record! {
    /// A sales invoice (table SINVOICEV). Shown by the representation `EDISIHTR`, the one that was
    /// seen.
    SalesInvoice {
        /// Number.
        number: String = "NUM",
        /// Company.
        company: String = "CPY",
        /// Sales site.
        sales_site: String = "SALFCY",
        /// Category (menu 645).
        category: LocalMenu = "INVTYP",
        /// Status (menu 2261: 1 not posted, 3 posted).
        status: LocalMenu = "INVSTA",
        /// Day of the invoice.
        invoiced_on: Day = "INVDAT",
        /// Customer that is invoiced.
        bill_to: String = "BPCINV",
        /// Customer that ordered.
        sold_to: String = "BPCORD",
        /// Partner that pays.
        pay_by: String = "BPRPAY",
        /// Currency.
        currency: String = "CUR",
        /// Payment term.
        payment_term: String = "PTE",
        /// Total without tax.
        total_excluding_tax: Amount = "AMTNOT",
        /// Total with tax.
        total_including_tax: Amount = "AMTATI",
        /// Day of the last change, by the clock of the X3 process.
        updated_on: Day = "UPDDAT",
        /// Instant of the last change.
        updated_at: Moment = "UPDDATTIM",
    }
}
impl Api1Record for SalesInvoice {
    const CLASS: &'static str = "SINVOICEV";
    const REPRESENTATION: &'static str = "EDISIHTR";
    const KEY: &'static [&'static str] = &["NUM"];
}

record! {
    /// A line of a sales invoice (child table `SIVSID`).
    SalesInvoiceLine {
        /// Number of the line.
        line: Amount = "SIDLIN",
        /// Product.
        product: String = "ITMREF",
        /// Quantity in sales units.
        quantity: Amount = "QTY",
        /// Net price.
        net_price: Amount = "NETPRI",
        /// Amount without tax.
        amount_excluding_tax: Amount = "AMTNOTLIN",
        /// First discount or charge.
        discount_1: Amount = "DISCRGVAL1",
    }
}

impl SalesInvoice {
    /// The lines, where the representation shows them.
    ///
    /// # Errors
    /// When they are no such lines.
    pub fn lines(&self) -> Result<Vec<SalesInvoiceLine>, DecodeError> {
        self.columns.rows("SIVSID")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_an_invoice_are_read_with_it() {
        let invoice: SalesInvoice = serde_json::from_str(
            r#"{"NUM":"INV1","AMTATI":119.00,"SIVSID":[{"$uuid":"l1","ITMREF":"BMS001","QTY":2,"NETPRI":50.000,"SAU_REF":{}}]}"#,
        )
        .unwrap();
        let lines = invoice.lines().unwrap();
        assert_eq!(lines[0].product.as_deref(), Some("BMS001"));
        assert_eq!(lines[0].net_price.unwrap().get().to_string(), "50.000");
        assert_eq!(lines[0].columns.json("SAU_REF"), Some("{}"));
    }
}
