//! General-ledger accounts.

use super::macros::{class, record};
use crate::api1::{Day, LocalMenu, Moment};

record! {
    /// A general-ledger account (table GACCOUNT). Its key is chart of accounts and account.
    Account {
        /// Chart of accounts.
        chart: String = "COA",
        /// Account.
        code: String = "ACC",
        /// Description.
        description: String = "DES",
        /// Short description.
        short_description: String = "DESSHO",
        /// Currency.
        currency: String = "CUR",
        /// Whether it is active (menu 1).
        is_active: LocalMenu = "ENAFLG",
        /// First day on which it can be used.
        valid_from: Day = "VLYSTR",
        /// Last day on which it can be used.
        valid_to: Day = "VLYEND",
        /// Day of the last change, by the clock of the X3 process.
        updated_on: Day = "UPDDAT",
        /// Instant of the last change.
        updated_at: Moment = "UPDDATTIM",
    }
}
class!(Account, "GACCOUNT", ["COA", "ACC"]);
