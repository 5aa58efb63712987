//! Discounts and adjustments on a whole: spread over the lines to the cent, or a reason why not.

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};

use super::{
    lines::{Goods, Line, PRICE_SCALE, Whole, rounded},
    settings::{DealSettings, PriceForm, WholeDiscount},
};

/// What a line bears of what is taken off the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share {
    /// The line after its own discount.
    pub(super) before: Decimal,
    /// The same after its share. The sum over all lines is exact.
    pub(super) after: Decimal,
    /// Of one; none where nothing is ordered.
    pub(super) price: Option<Decimal>,
}

/// The goods as they are ordered, by the policy for discounts on the whole.
pub(super) fn settled(goods: Goods, settings: &DealSettings) -> Goods {
    let Goods::Known { lines, whole } = goods else {
        return goods;
    };
    let by_hand = settings.whole_discount == WholeDiscount::ByHand;
    // Where X3 takes its own prices, Zoho's discounts count as little as Zoho's prices.
    if by_hand || settings.prices == PriceForm::None || whole.sum() == Some(Decimal::ZERO) {
        return Goods::Known { lines, whole };
    }
    if settings.whole_discount == WholeDiscount::Park {
        return Goods::Unclear(format!(
            "it has {whole} on the whole, for which an order of X3 has no place: put it into the discounts of the lines, or \
             let it be spread (`whole_discount`)"
        ));
    }
    match spread(&lines, whole, settings.amount_scale) {
        Ok(shares) => {
            let lines = lines.into_iter().zip(shares).map(|(line, share)| Line {
                share: Some(share),
                ..line
            });
            Goods::Known {
                lines: lines.collect(),
                whole,
            }
        }
        Err(problem) => Goods::Unclear(format!(
            "it has {whole} on the whole, which cannot be spread over the lines: {problem}"
        )),
    }
}

/// The share of each line, in proportion to its amount.
///
/// Amounts are whole units of `scale` decimals. Each line gets its proportion without the fraction of a unit; what is left
/// goes, a unit each, to the lines with the largest fractions, the first of equals. Then prices are found that make these
/// amounts; where a quantity is so large that no price with X3's decimals does, the rest goes to the lines with the smallest
/// quantities.
fn spread(lines: &[Line], whole: Whole, scale: u32) -> Result<Vec<Share>, String> {
    let units = |amount: Decimal| units(amount, scale).ok_or_else(too_large);
    let mut exact = whole.sum().ok_or_else(too_large)?;
    let mut before = Vec::with_capacity(lines.len());
    for (line, number) in lines.iter().zip(1..) {
        let amount = line
            .amount()
            .ok_or_else(|| format!("line {number} has no price"))?;
        exact = exact.checked_add(amount).ok_or_else(too_large)?;
        before.push(units(amount)?);
    }
    let total = units(exact)?;
    let sum = |amounts: &[i128]| {
        let mut amounts = amounts.iter();
        amounts.try_fold(0_i128, |sum, amount| sum.checked_add(*amount))
    };
    let off = sum(&before)
        .and_then(|sum| sum.checked_sub(total))
        .ok_or_else(too_large)?;
    let after = after_shares(&before, off)?;
    let prices = prices(lines, &after, total, scale)?;
    let amount = |units: i128| of_units(units, scale).ok_or_else(too_large);
    let shares = before.iter().zip(prices);
    shares
        .map(|(before, (after, price))| {
            Ok(Share {
                before: amount(*before)?,
                after: amount(after)?,
                price,
            })
        })
        .collect()
}

/// The amounts after `off` is taken off their sum, in units.
fn after_shares(before: &[i128], off: i128) -> Result<Vec<i128>, String> {
    let weights: Vec<i128> = before.iter().map(|amount| (*amount).max(0)).collect();
    let mut sum = 0_i128;
    for weight in &weights {
        sum = sum.checked_add(*weight).ok_or_else(too_large)?;
    }
    if off == 0 {
        return Ok(before.to_vec());
    }
    if sum == 0 || off > sum {
        return Err("the lines are worth less".to_owned());
    }
    let mut shares = Vec::with_capacity(weights.len());
    let mut fractions = Vec::with_capacity(weights.len());
    let mut left = off.abs();
    for (index, weight) in weights.iter().enumerate() {
        let product = weight.checked_mul(off.abs()).ok_or_else(too_large)?;
        let (share, fraction) = (product / sum, product % sum);
        shares.push(share);
        fractions.push((fraction, index));
        left -= share;
    }
    // Largest fraction first, the first line of equals.
    fractions.sort_by(|(one, first), (other, second)| other.cmp(one).then(first.cmp(second)));
    for (_, index) in fractions {
        if left == 0 {
            break;
        }
        if let Some(share) = shares.get_mut(index) {
            *share += 1;
            left -= 1;
        }
    }
    let after = before.iter().zip(shares);
    Ok(after
        .map(|(amount, share)| amount - share * off.signum())
        .collect())
}

/// A price for each line, and the amount that it makes. The amounts make `total`.
fn prices(
    lines: &[Line],
    wanted: &[i128],
    total: i128,
    scale: u32,
) -> Result<Vec<(i128, Option<Decimal>)>, String> {
    let mut found = Vec::with_capacity(lines.len());
    let mut missing = total;
    for (line, wanted) in lines.iter().zip(wanted) {
        let price = of_units(*wanted, scale).and_then(|amount| amount.checked_div(line.quantity));
        let price = price.map(rounded);
        let made = match price {
            Some(price) => made(line, price, scale).ok_or_else(too_large)?,
            // Nothing of it is ordered.
            None => 0,
        };
        missing -= made;
        found.push((made, price));
    }
    let mut finest: Vec<usize> = (0..lines.len()).collect();
    finest.sort_by_key(|index| lines.get(*index).map(|line| line.quantity));
    for index in finest {
        if missing == 0 {
            break;
        }
        if let (Some(line), Some((amount, Some(price)))) = (lines.get(index), found.get_mut(index))
            // What is given away stays so.
            && !price.is_zero()
        {
            let (nearest, moved) = nearest(line, *price, missing, scale).ok_or_else(too_large)?;
            *price = nearest;
            *amount += moved;
            missing -= moved;
        }
    }
    if missing == 0 {
        return Ok(found);
    }
    let nearest = of_units(total - missing, scale).ok_or_else(too_large)?;
    let total = of_units(total, scale).ok_or_else(too_large)?;
    Err(format!(
        "X3 keeps {PRICE_SCALE} decimals of a price, which with these quantities make {} instead of {}",
        nearest.normalize(),
        total.normalize()
    ))
}

/// The price near `price` whose amount comes nearest to `missing` units more, and by how many units it differs.
fn nearest(line: &Line, price: Decimal, missing: i128, scale: u32) -> Option<(Decimal, i128)> {
    let step = Decimal::new(1, PRICE_SCALE);
    let now = made(line, price, scale)?;
    let of_step = line.quantity.checked_mul(step)?;
    if of_step <= Decimal::ZERO {
        return Some((price, 0));
    }
    let steps = of_units(missing, scale)?.checked_div(of_step)?.trunc();
    let mut best = (price, 0_i128);
    for further in [0, -1, 1] {
        let steps = steps.checked_add(Decimal::from(further))?;
        let candidate = price
            .checked_add(steps.checked_mul(step)?)?
            .max(Decimal::ZERO);
        let moved = made(line, candidate, scale)? - now;
        if (missing - moved).abs() < (missing - best.1).abs() {
            best = (candidate.normalize(), moved);
        }
    }
    Some(best)
}

/// What a line costs at a price, in units: X3 rounds each line.
fn made(line: &Line, price: Decimal, scale: u32) -> Option<i128> {
    units(line.quantity.checked_mul(price)?, scale)
}

/// An amount in units of `scale` decimals, rounded half away from zero.
fn units(amount: Decimal, scale: u32) -> Option<i128> {
    let amount = amount.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero);
    let unit = of_units(1, scale)?;
    amount.checked_div(unit)?.to_i128()
}

fn of_units(units: i128, scale: u32) -> Option<Decimal> {
    Decimal::try_from_i128_with_scale(units, scale).ok()
}

fn too_large() -> String {
    "its amounts are no amounts of money".to_owned()
}

impl Line {
    /// What it bears of a discount on the whole, in words: `PUMP 40 - 4 = 36`.
    pub(super) fn share_in_words(&self) -> Option<String> {
        let share = self.share.as_ref()?;
        let off = share.before - share.after;
        let sign = if off.is_sign_negative() { '+' } else { '-' };
        Some(format!(
            "{} {} {sign} {} = {}",
            self.product,
            share.before.normalize(),
            off.abs().normalize(),
            share.after.normalize()
        ))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::zoho::{LineSource, Qualification, QuoteSource};

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn line(product: &str, quantity: &str, price: &str) -> Line {
        Line {
            product: product.to_owned(),
            quantity: number(quantity),
            price: Some(number(price)),
            ..Line::default()
        }
    }

    fn off(discount: &str) -> Whole {
        Whole {
            discount: number(discount),
            adjustment: Decimal::ZERO,
        }
    }

    fn after(lines: &[Line], whole: Whole) -> Vec<(String, String)> {
        let shares = spread(lines, whole, 2).unwrap().into_iter();
        let text = |number: Decimal| number.normalize().to_string();
        shares
            .map(|share| (text(share.after), text(share.price.unwrap())))
            .collect()
    }

    fn pair(amount: &str, price: &str) -> (String, String) {
        (amount.to_owned(), price.to_owned())
    }

    #[test]
    fn each_line_bears_its_proportion() {
        let lines = [line("PUMP", "2", "20"), line("HOSE", "10", "1")];
        assert_eq!(
            after(&lines, off("5")),
            [pair("36", "18"), pair("9", "0.9")]
        );
    }

    #[test]
    fn a_cent_that_cannot_be_split_goes_to_the_largest_fraction_and_the_first_of_equals() {
        let thirds = ["A", "B", "C"].map(|product| line(product, "1", "10"));
        assert_eq!(
            after(&thirds, off("0.01")),
            [pair("9.99", "9.99"), pair("10", "10"), pair("10", "10")]
        );
        // 0.25 and 0.75 of a cent.
        let unlike = [line("A", "1", "1"), line("B", "1", "3")];
        assert_eq!(
            after(&unlike, off("0.01")),
            [pair("1", "1"), pair("2.99", "2.99")]
        );
    }

    #[test]
    fn an_adjustment_may_add_to_the_lines() {
        let whole = Whole {
            discount: number("1"),
            adjustment: number("4"),
        };
        let lines = [line("A", "1", "10"), line("B", "1", "20")];
        assert_eq!(after(&lines, whole), [pair("11", "11"), pair("22", "22")]);
    }

    #[test]
    fn what_a_price_cannot_express_goes_to_the_line_with_the_smallest_quantity() {
        // 1000 pieces at 0.95 less the proportion of 33.33 would cost 0.91682... each.
        let lines = [line("BULK", "1000", "0.95"), line("ONE", "1", "50")];
        let shares = spread(&lines, off("33.33"), 2).unwrap();
        let bulk = shares[0].price.unwrap();
        assert_eq!(bulk, number("0.918"));
        assert_eq!(shares[0].after, number("918"));
        assert_eq!(
            shares[1].after,
            number("1000") - number("33.33") - number("918")
        );
    }

    #[test]
    fn what_no_price_can_express_is_said_with_the_nearest_sum() {
        let problem = spread(&[line("BULK", "100", "5")], off("33.33"), 2).unwrap_err();
        assert!(problem.contains("466.7 instead of 466.67"), "{problem}");
    }

    #[test]
    fn more_than_the_lines_are_worth_is_not_spread() {
        let problem = spread(&[line("A", "1", "10")], off("10.01"), 2).unwrap_err();
        assert!(problem.contains("worth less"), "{problem}");
        let all = after(&[line("A", "1", "10")], off("10"));
        assert_eq!(all, [pair("0", "0")]);
        let priceless = Line {
            price: None,
            ..line("A", "1", "1")
        };
        let problem = spread(&[priceless], off("1"), 2).unwrap_err();
        assert!(problem.contains("line 1 has no price"), "{problem}");
    }

    #[test]
    fn amounts_beyond_all_money_are_a_reason_and_no_panic() {
        let lines = [line("A", "1", "79228162514264337593543950335")];
        assert!(spread(&lines, off("1"), 2).is_err());
        let lines = [line("A", "79228162514264337593543950335", "3")];
        assert!(spread(&lines, off("1"), 2).is_err());
    }

    #[test]
    fn the_policy_says_what_becomes_of_it() {
        let goods = || Goods::Known {
            lines: vec![line("PUMP", "2", "20")],
            whole: off("4"),
        };
        let settings = |policy, prices| {
            let mapping = crate::flows::orders::mapping(&Default::default()).unwrap();
            let source = LineSource::Quote(QuoteSource::default());
            let stages = Qualification::stages(["Closed Won"]);
            DealSettings::of_mapping("X3_Order_Number", &mapping, stages, source)
                .prices(prices)
                .whole_discount(policy)
        };
        let parked = settled(goods(), &settings(WholeDiscount::Park, PriceForm::Net));
        assert!(
            matches!(&parked, Goods::Unclear(reason) if reason.contains("a discount of 4 on the whole")),
            "{parked:?}"
        );
        let by_hand = settings(WholeDiscount::ByHand, PriceForm::Net);
        assert_eq!(settled(goods(), &by_hand), goods());
        let own_prices = settings(WholeDiscount::Park, PriceForm::None);
        assert_eq!(settled(goods(), &own_prices), goods());
        let Goods::Known { lines, .. } =
            settled(goods(), &settings(WholeDiscount::Spread, PriceForm::Net))
        else {
            panic!()
        };
        assert_eq!(lines[0].share_in_words().unwrap(), "PUMP 40 - 4 = 36");
    }

    proptest! {
        /// Whatever is spread, the lines as X3 works them out make the total to the cent, none becomes negative, and with
        /// small quantities none is further than a cent from its proportion.
        #[test]
        fn the_lines_make_the_total_to_the_cent(
            rows in prop::collection::vec((1_i64..10, 0_i64..500_000), 1..12),
            part in 0_i64..=1000,
        ) {
            let lines: Vec<Line> = rows
                .iter()
                .map(|(quantity, cents)| Line {
                    quantity: Decimal::from(*quantity),
                    price: Some(Decimal::new(*cents, 2)),
                    ..Line::default()
                })
                .collect();
            let sum: Decimal = lines.iter().map(|line| line.amount().unwrap()).sum();
            let discount = (sum * Decimal::new(part, 3)).round_dp(2);
            let whole = Whole { discount, adjustment: Decimal::ZERO };
            prop_assume!(!sum.is_zero());
            let shares = spread(&lines, whole, 2).unwrap();
            let cents = |amount: Decimal| amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
            let of_x3: Decimal = lines
                .iter()
                .zip(&shares)
                .map(|(line, share)| cents(line.quantity * share.price.unwrap()))
                .sum();
            prop_assert_eq!(of_x3, sum - discount);
            let said: Decimal = shares.iter().map(|share| share.after).sum();
            prop_assert_eq!(said, sum - discount);
            for share in &shares {
                prop_assert!(share.after >= Decimal::ZERO);
                let proportion = share.before - share.before * discount / sum;
                prop_assert!((share.after - proportion).abs() <= Decimal::new(1, 2) * Decimal::from(shares.len()));
            }
        }
    }
}
