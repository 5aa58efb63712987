//! A few hundred invented companies, the same in each run, with everything that makes real ones awkward: accents, other
//! scripts, long names, missing fields, copies, and some that stand in both systems already.

use std::collections::BTreeMap;

/// A company as either system may know it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Company {
    pub(crate) name: String,
    pub(crate) street: Option<String>,
    pub(crate) postcode: Option<String>,
    pub(crate) city: Option<String>,
    /// ISO code and the name that Zoho's users write.
    pub(crate) country: (&'static str, &'static str),
    pub(crate) phone: Option<String>,
    pub(crate) website: Option<String>,
    pub(crate) vat_number: Option<String>,
    pub(crate) currency: &'static str,
    pub(crate) credit_limit: u32,
    pub(crate) notes: Option<String>,
}

/// What each system knows at the start.
#[derive(Debug, Default)]
pub(crate) struct Market {
    /// X3 customers with their codes.
    pub(crate) x3: Vec<(String, Company)>,
    /// Zoho accounts.
    pub(crate) zoho: Vec<Company>,
}

struct Place {
    country: (&'static str, &'static str),
    currency: &'static str,
    dial: &'static str,
    form: &'static str,
    cities: &'static [(&'static str, &'static str)],
    words: &'static [&'static str],
    trades: &'static [&'static str],
    streets: &'static [&'static str],
}

const PLACES: &[Place] = &[
    Place {
        country: ("FR", "France"),
        currency: "EUR",
        dial: "+33 1",
        form: "SARL",
        cities: &[
            ("75011", "Paris"),
            ("69003", "Lyon"),
            ("13002", "Marseille"),
            ("44000", "Nantes"),
            ("67000", "Strasbourg"),
        ],
        words: &[
            "Éclair",
            "Forêt",
            "Château",
            "Garçon",
            "Noël",
            "Hélène",
            "Côte d'Or",
            "Œuvre",
            "Maïs",
            "Bâtiment",
        ],
        trades: &[
            "Distribution",
            "Matériaux",
            "Énergie",
            "Boulangerie",
            "Mécanique",
        ],
        streets: &[
            "rue de la République",
            "avenue Jean Jaurès",
            "boulevard Voltaire",
            "quai de l'Île",
        ],
    },
    Place {
        country: ("DE", "Germany"),
        currency: "EUR",
        dial: "+49 30",
        form: "GmbH",
        cities: &[
            ("10115", "Berlin"),
            ("80331", "München"),
            ("50667", "Köln"),
            ("70173", "Stuttgart"),
            ("20095", "Hamburg"),
        ],
        words: &[
            "Müller", "Größe", "Über", "Schäfer", "Weiß", "Jäger", "Flöte", "Bär", "König", "Süd",
        ],
        trades: &[
            "Maschinenbau",
            "Werkzeuge",
            "Logistik",
            "Elektrotechnik",
            "Möbel",
        ],
        streets: &[
            "Hauptstraße",
            "Bahnhofstraße",
            "Lindenallee",
            "Goethestraße",
        ],
    },
    Place {
        country: ("ES", "Spain"),
        currency: "EUR",
        dial: "+34 91",
        form: "S.L.",
        cities: &[
            ("28001", "Madrid"),
            ("08002", "Barcelona"),
            ("41001", "Sevilla"),
            ("46001", "València"),
        ],
        words: &[
            "Peñón",
            "Ñandú",
            "Olivares",
            "Montaña",
            "Río Tinto",
            "Jardín",
            "Águila",
            "Azúcar",
        ],
        trades: &["Alimentación", "Cerámica", "Construcción", "Vinos"],
        streets: &[
            "Calle Mayor",
            "Avenida de la Constitución",
            "Paseo del Prado",
        ],
    },
    Place {
        country: ("GB", "United Kingdom"),
        currency: "GBP",
        dial: "+44 20",
        form: "Ltd",
        cities: &[
            ("EC1A 1BB", "London"),
            ("M1 1AE", "Manchester"),
            ("B1 1HQ", "Birmingham"),
            ("EH1 1YZ", "Edinburgh"),
        ],
        words: &[
            "O'Brien & Sons",
            "Thistle",
            "Kestrel",
            "Harbour",
            "St. Mary's",
            "Copperfield",
            "Ashworth",
            "Northgate",
        ],
        trades: &["Engineering", "Supplies", "Textiles", "Marine"],
        streets: &["High Street", "Station Road", "King's Parade"],
    },
    Place {
        country: ("PL", "Poland"),
        currency: "PLN",
        dial: "+48 22",
        form: "Sp. z o.o.",
        cities: &[
            ("00-001", "Warszawa"),
            ("30-002", "Kraków"),
            ("90-001", "Łódź"),
            ("50-001", "Wrocław"),
        ],
        words: &["Żubr", "Źródło", "Święty", "Łabędź", "Dąb", "Gwiazda"],
        trades: &["Handel", "Budownictwo", "Meble"],
        streets: &["ulica Długa", "aleja Niepodległości"],
    },
    Place {
        country: ("JP", "Japan"),
        currency: "JPY",
        dial: "+81 3",
        form: "株式会社",
        cities: &[("100-0001", "東京"), ("530-0001", "大阪")],
        words: &["山田", "鈴木", "さくら", "富士", "日の出"],
        trades: &["製作所", "商事", "電機"],
        streets: &["中央通り", "桜町"],
    },
    Place {
        country: ("GR", "Greece"),
        currency: "EUR",
        dial: "+30 21",
        form: "Α.Ε.",
        cities: &[("105 57", "Αθήνα"), ("546 24", "Θεσσαλονίκη")],
        words: &["Ωκεανός", "Ήλιος", "Αθηνά", "Κύμα"],
        trades: &["Ναυτιλιακή", "Εμπορική"],
        streets: &["Οδός Ερμού", "Λεωφόρος Συγγρού"],
    },
];

/// Companies in both systems with the same VAT number.
const SHARED_BY_VAT: usize = 110;
/// Companies in both systems without a VAT number, to be known by name, postcode and country.
const SHARED_BY_NAME: usize = 20;
/// Companies that stand in X3 once and in Zoho twice.
const TWICE_IN_ZOHO: usize = 3;
/// Companies that X3 alone knows.
const ONLY_X3: usize = 100;
/// Companies that Zoho alone knows.
const ONLY_ZOHO: usize = 60;

impl Market {
    /// The market at the start of the demo.
    pub(crate) fn opening() -> Self {
        let mut market = Self::default();
        let mut companies = (0..).map(company);
        let mut next = || companies.next().unwrap_or_default();
        for number in 0..SHARED_BY_VAT {
            let company = next();
            market.zoho.push(as_a_rep_would_write(&company, number));
            market.add_customer(company);
        }
        for _ in 0..SHARED_BY_NAME {
            let company = Company {
                vat_number: None,
                ..next()
            };
            market.zoho.push(company.clone());
            market.add_customer(company);
        }
        for _ in 0..TWICE_IN_ZOHO {
            let company = next();
            market.zoho.push(company.clone());
            market.zoho.push(Company {
                phone: None,
                ..company.clone()
            });
            market.add_customer(company);
        }
        for _ in 0..ONLY_X3 {
            market.add_customer(next());
        }
        for _ in 0..ONLY_ZOHO {
            market.zoho.push(next());
        }
        market.add_awkward(next(), next(), next(), next());
        market
    }

    fn add_customer(&mut self, company: Company) {
        let code = format!("C{:05}", self.x3.len() + 1);
        self.x3.push((code, company));
    }

    /// One of each kind that a person has to look at.
    fn add_awkward(&mut self, phone: Company, country: Company, long: Company, copied: Company) {
        self.add_customer(Company {
            phone: Some("ask at reception".to_owned()),
            ..phone
        });
        self.zoho.push(Company {
            country: ("DE", "Teutonia"),
            ..country
        });
        let name = "Internationale Gesellschaft für Grenzüberschreitende Warenverteilung und Lagerhaltung am Oberrhein mbH";
        self.zoho.push(Company {
            name: name.to_owned(),
            ..long
        });
        self.zoho.push(copied.clone());
        self.zoho.push(copied);
    }
}

/// A company that nobody knows yet.
pub(crate) fn newcomer(number: usize) -> Company {
    company(5000 + number)
}

/// The company with this number; every second or so lacks something.
fn company(number: usize) -> Company {
    let place = &PLACES[number % PLACES.len()];
    let turn = number / PLACES.len();
    let pick =
        |list: &'static [&'static str], stride: usize| list[(turn * stride + number) % list.len()];
    let (postcode, city) = place.cities[turn % place.cities.len()];
    let word = pick(place.words, 1);
    let trade = pick(place.trades, 3);
    let name = format!("{word} {trade} {} {}", number + 1, place.form);
    Company {
        street: (number % 11 != 3).then(|| format!("{} {}", turn + 1, pick(place.streets, 2))),
        postcode: Some(postcode.to_owned()),
        city: Some(city.to_owned()),
        country: place.country,
        phone: (number % 5 != 1).then(|| {
            format!(
                "{} {:03} {:04}",
                place.dial,
                200 + number % 700,
                1000 + number * 7 % 9000
            )
        }),
        website: number
            .is_multiple_of(3)
            .then(|| format!("https://www.company-{}.example", number + 1)),
        vat_number: Some(format!(
            "{}{:09}",
            place.country.0,
            100_000_000 + number * 7919
        )),
        currency: place.currency,
        credit_limit: u32::try_from(number % 40).unwrap_or_default() * 2500,
        notes: (number.is_multiple_of(7))
            .then(|| format!("Visited in spring; prefers deliveries before noon (no. {number}).")),
        name,
    }
}

/// The same company as a sales representative entered it: VAT number with blanks, some fields missing or different.
fn as_a_rep_would_write(company: &Company, number: usize) -> Company {
    let mut written = company.clone();
    if number.is_multiple_of(4) {
        written.vat_number = company.vat_number.as_ref().map(|vat| vat.to_lowercase());
    }
    if number % 3 == 1 {
        written.phone = None;
    }
    if number % 10 == 2 {
        written.name = company.name.to_uppercase();
    }
    written
}

/// VAT numbers that people entered in Zoho more than once, and how often.
pub(crate) fn entered_more_than_once() -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for vat_number in Market::opening()
        .zoho
        .into_iter()
        .filter_map(|company| company.vat_number)
    {
        *counts.entry(vat_number.to_uppercase()).or_default() += 1;
    }
    counts.retain(|_, count| *count > 1);
    counts
}

/// What Zoho's users call the country with this code.
pub(crate) fn country_name(code: &str) -> &str {
    PLACES
        .iter()
        .find(|place| place.country.0 == code)
        .map_or(code, |place| place.country.1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_market_is_the_same_each_time_and_x3_codes_are_unique() {
        let (one, other) = (Market::opening(), Market::opening());
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        let codes: HashSet<&String> = one.x3.iter().map(|(code, _)| code).collect();
        assert_eq!(codes.len(), one.x3.len());
        assert!(one.x3.len() > 200 && one.zoho.len() > 150);
    }
}
