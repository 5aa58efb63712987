//! Products.

use super::macros::{class, record};
use crate::api1::{Amount, Day, LocalMenu, Moment};

record! {
    /// A product (table ITMMASTER).
    Product {
        /// Code.
        code: String = "ITMREF",
        /// First description.
        description_1: String = "ITMDES1",
        /// Second description.
        description_2: String = "ITMDES2",
        /// Third description.
        description_3: String = "ITMDES3",
        /// Category.
        category: String = "TCLCOD",
        /// Status (menu 246).
        status: LocalMenu = "ITMSTA",
        /// Search key.
        search_key: String = "SEAKEY",
        /// Bar code.
        upc: String = "EANCOD",
        /// Stock unit.
        stock_unit: String = "STU",
        /// Sales unit.
        sales_unit: String = "SAU",
        /// Purchase unit.
        purchase_unit: String = "PUU",
        /// Sales unit in stock units.
        sales_to_stock: Amount = "SAUSTUCOE",
        /// Weight.
        weight: Amount = "ITMWEI",
        /// Unit of the weight.
        weight_unit: String = "WEU",
        /// Stock management (menu 215).
        stock_management: LocalMenu = "STOMGTCOD",
        /// Whether it is sold (menu 1).
        is_sold: LocalMenu = "SALFLG",
        /// Begin of its life.
        life_from: Day = "LIFSTRDAT",
        /// End of its life.
        life_to: Day = "LIFENDDAT",
        /// Day of the last change, by the clock of the X3 process.
        updated_on: Day = "UPDDAT",
        /// Instant of the last change.
        updated_at: Moment = "UPDDATTIM",
    }
}
class!(Product, "ITMMASTER", ["ITMREF"]);
