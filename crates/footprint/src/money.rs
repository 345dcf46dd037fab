//! What electricity and devices cost.

use lessen_units::{Figure, Hours, Kind, Usd, UsdPerHour, UsdPerKilowattHour, Watts};

use crate::device::Device;
use crate::place::Place;
use crate::tables::{Price, Tables};

/// Consumers whose prices are of use to somebody who computes, the likeliest first.
const CONSUMERS: [&str; 3] = ["industrial", "business", "household"];

/// The price of electricity in a country: of its industry, in the latest year of the tables.
///
/// Where no place is said, or the tables have no price of the place's country: the world's average for businesses, with a
/// band of all prices of the tables.
pub fn price_of_electricity(place: Option<&Place<'_>>, tables: &Tables) -> Figure<UsdPerKilowattHour> {
    if let Some(price) = place.and_then(Place::country).and_then(|country| latest(country, tables))
        && let Some((low, high)) = price.bounds()
    {
        let how = format!("{} USD/kWh, {}, {}", f64::midpoint(low, high), price.date, price.source);
        return figure(f64::midpoint(low, high), low, high, how).map(UsdPerKilowattHour);
    }
    let all = tables
        .prices
        .rows()
        .iter()
        .filter(|price| price.electricity().is_some_and(|(_, consumer)| CONSUMERS.contains(&consumer)));
    let bounds: Vec<(f64, f64)> = all.filter_map(Price::bounds).collect();
    let least = bounds.iter().map(|bounds| bounds.0).reduce(f64::min);
    let most = bounds.iter().map(|bounds| bounds.1).reduce(f64::max);
    let (Some(world), Some(least), Some(most)) = (latest("WORLD", tables), least, most) else {
        return Figure::unavailable("no price of electricity in the tables");
    };
    let value = world.bounds().map_or(f64::NAN, |(low, high)| f64::midpoint(low, high));
    let how = format!("{value} USD/kWh, {}, {}; {least} to {most} in the table", world.date, world.source);
    figure(value, least, most, how).map(UsdPerKilowattHour)
}

/// The latest price of a country, of the likeliest consumer.
fn latest<'t>(country: &str, tables: &'t Tables) -> Option<&'t Price> {
    let of = |wanted: &str| {
        let rows = tables.prices.rows().iter();
        let rows = rows.filter(|price| price.electricity() == Some((country, wanted)));
        rows.max_by(|a, b| a.date.cmp(&b.date))
    };
    CONSUMERS.iter().find_map(|consumer| of(consumer))
}

/// The price of an hour of a device in a cloud: on demand, and preemptible at least.
///
/// Of several prices on demand the middle one, with a band from the least to the most of all. With a provider only its prices, where
/// the tables have some. Unavailable where there is none.
pub fn price_of_device(device: &Device<'_>, provider: Option<&str>, tables: &Tables) -> Figure<UsdPerHour> {
    let Device::Accelerator { key, variants } = device else {
        return Figure::unavailable("the tables hold no prices of processors: say --cloud-price");
    };
    let is_of = |family: &str| {
        let family = family.to_lowercase();
        let named = |name: &str| name == family || name.starts_with(&format!("{family}-"));
        named(&key.to_lowercase()) || variants.iter().any(|row| named(&row.key.to_lowercase()))
    };
    let rows = tables.prices.rows().iter();
    let mut rows: Vec<&Price> =
        rows.filter(|price| price.device().is_some_and(|(family, _)| is_of(family))).collect();
    let is_theirs = |price: &&Price| price.device().and_then(|(_, of)| of) == provider;
    if provider.is_some() && rows.iter().any(is_theirs) {
        rows.retain(is_theirs);
    }
    let bounds: Vec<(f64, f64)> = rows.iter().filter_map(|price| price.bounds()).collect();
    let mut on_demand: Vec<f64> = bounds.iter().map(|bounds| bounds.1).collect();
    on_demand.sort_by(f64::total_cmp);
    let low = bounds.iter().map(|bounds| bounds.0).reduce(f64::min);
    let middle = on_demand.get(on_demand.len() / 2).copied();
    let (Some(low), Some(middle), Some(high)) = (low, middle, on_demand.last().copied()) else {
        return Figure::unavailable(format!("no price of `{key}` in the tables: say --cloud-price"));
    };
    let mut sources: Vec<String> =
        rows.iter().map(|price| format!("{} {}", price.source, price.date)).collect();
    sources.dedup();
    let more = if sources.len() > 1 { format!(" and {} more", sources.len() - 1) } else { String::new() };
    let how = format!("{low} to {high} USD an hour, {}{more}", sources.first().map_or("", String::as_str));
    figure(middle, low, high, how).map(UsdPerHour)
}

/// Renting accelerators that call themselves so (see [`Device::reported`]) for a while; the machine around them is in
/// such prices. Unavailable where there are none, or the tables have no price of one of them.
pub fn rent(boards: &[String], hours: Hours, provider: Option<&str>, tables: &Tables) -> Figure<Usd> {
    let Some(first) = boards.first() else {
        return Figure::unavailable("no rental price for this processor in the tables; give --cloud-price");
    };
    let price = |name: &String| match Device::reported(name, tables) {
        Some(device) => price_of_device(&device, provider, tables),
        None => Figure::unavailable(format!("`{name}` is not in the tables; give --cloud-price")),
    };
    let how = price(first).how().to_owned();
    let prices = boards.iter().map(price).reduce(|sum, price| &sum + &price);
    let hourly = prices.unwrap_or_else(|| Figure::unavailable("no board"));
    let rent = hourly.map(|hourly| hours * hourly);
    match rent.value() {
        Some(_) => rent.described(format!("{} of {first}: {how}", boards.len())),
        None => rent,
    }
}

fn figure(value: f64, low: f64, high: f64, how: String) -> Figure<f64> {
    Figure::band(value, low, high, Kind::Estimated, how)
}

/// Owning devices instead of renting them.
#[derive(Clone, Debug, PartialEq)]
pub struct Owning {
    /// Buying all of them.
    pub purchase: Figure<Usd>,
    /// This run: the share of the purchase that its hours are of the devices' life, and its electricity.
    pub run: Figure<Usd>,
    /// Hours of one device after which buying it is cheaper than renting it. Unavailable where renting costs no more
    /// than the electricity alone.
    pub break_even: Figure<Hours>,
}

/// What owning would cost (the argument of Strubell et al. 2019, section 3.2: a cluster against a cloud).
///
/// * `price` of one device with its share of a server, `count` devices, written off evenly over `life`.
/// * `device_hours` of the run, its `electricity` in all, and `watts` of one device with the building's share at
///   `usd_per_kwh`: what an hour of an own device costs.
/// * `rent` of one device an hour.
pub fn owning(
    (price, count): (Usd, u32),
    life: &Figure<Hours>,
    (device_hours, electricity): (&Figure<Hours>, &Figure<Usd>),
    (watts, usd_per_kwh): (&Figure<Watts>, &Figure<UsdPerKilowattHour>),
    rent: &Figure<UsdPerHour>,
) -> Owning {
    let price = Figure::exact(price, Kind::Declared, "the price as said");
    let purchase = &price * f64::from(count);
    let share: Figure<f64> = device_hours.ratio(life);
    let run = &price.combine(&share, |price, share| price * share) + electricity;
    let hourly = watts.combine::<_, UsdPerHour>(usd_per_kwh, |watts, price| {
        ((Watts(watts) * Hours(1.0)) * UsdPerKilowattHour(price)).0
    });
    Owning { purchase, run, break_even: break_even(&price, rent, &hourly) }
}

/// Hours after which the saving on every hour has repaid the price. The saving's band must lie above 0 at its ends that
/// matter: where only the cheapest rent saves nothing, the longest time is not known and so the figure is not.
fn break_even(price: &Figure<Usd>, rent: &Figure<UsdPerHour>, running: &Figure<UsdPerHour>) -> Figure<Hours> {
    let saving = rent - running;
    if saving.low().is_some_and(|low| low.0 <= 0.0) {
        return Figure::unavailable(
            "at the cheapest rent and the dearest electricity renting costs no more than the electricity",
        );
    }
    price.ratio(&saving)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds<Q: lessen_units::Quantity>(figure: &Figure<Q>) -> [f64; 3] {
        [figure.low(), figure.value(), figure.high()].map(|bound| bound.unwrap().raw())
    }

    #[test]
    fn boards_are_rented_by_the_name_that_their_driver_says() {
        let tables = Tables::built_in();
        let rent = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            super::rent(&names, Hours(2.0), None, tables)
        };
        let key = |name| Device::reported(name, tables).map(|device| device.key().to_owned());
        for (name, expected) in [
            ("NVIDIA A100-SXM4-80GB", "a100-sxm4-80gb"),
            ("Tesla T4", "t4"),
            ("Tesla V100-SXM2-16GB", "v100-sxm2-16gb"),
            ("NVIDIA L40S", "l40s"),
            ("NVIDIA H100 80GB HBM3", "h100"),
            ("NVIDIA GeForce RTX 2080 Ti", "rtx2080ti"),
        ] {
            assert_eq!(key(name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(key("NVIDIA Graphics Device"), None);
        let one = rent(&["Tesla T4"]);
        let price = price_of_device(&Device::reported("Tesla T4", tables).unwrap(), None, tables);
        assert!((one.value().unwrap().0 - 2.0 * price.value().unwrap().0).abs() < 1e-12, "two hours");
        let two = rent(&["Tesla T4", "Tesla T4"]);
        assert!((two.value().unwrap().0 - 2.0 * one.value().unwrap().0).abs() < 1e-12);
        assert!(two.low() < two.high() && two.how().starts_with("2 of Tesla T4: "), "{two:?}");
        for (names, why) in [
            (&[][..], "no rental price for this processor"),
            (&["NVIDIA Graphics Device"], "`NVIDIA Graphics Device` is not in the tables"),
            (&["Tesla T4", "NVIDIA GeForce RTX 2080 Ti"], "no price of `rtx2080ti`"),
        ] {
            let rent = rent(names);
            assert!(rent.value().is_none() && rent.how().contains(why), "{rent:?}");
        }
    }

    #[test]
    fn electricity_has_the_price_of_its_country() {
        let tables = Tables::built_in();
        let price = |name| {
            let place = Place::find(name, tables).unwrap();
            bounds(&price_of_electricity(Some(&place), tables))
        };
        assert_eq!(price("FRA"), [0.1024; 3]);
        assert_eq!(price("aws:eu-west-3"), [0.1024; 3]);
        assert_eq!(price("US-CA"), [0.0813; 3], "the latest year");
        let world = bounds(&price_of_electricity(None, tables));
        assert_eq!(world[1], 0.161);
        assert!(world[0] < 0.06 && world[2] > 0.2, "{world:?}");
        assert_eq!(price("IND"), world, "no price of India");
    }

    #[test]
    fn devices_have_the_prices_of_their_family() {
        let tables = Tables::built_in();
        let price = |name| {
            let device = Device::accelerator(name, tables).unwrap();
            price_of_device(&device, None, tables)
        };
        assert_eq!(bounds(&price("p100")), [0.43, 1.46, 1.46]);
        assert_eq!(bounds(&price("p100-pcie-16gb")), [0.43, 1.46, 1.46]);
        // A board of four chips: 2.40 to 8.00 USD.
        assert_eq!(bounds(&price("tpu-v3")), [0.6, 2.0, 2.0]);
        assert!(price("k80").how().contains("--cloud-price"));
    }

    #[test]
    fn owning_against_renting_by_hand() {
        let exact = |value: f64| Figure::exact(value, Kind::Declared, "");
        let band = |low: f64, value: f64, high: f64| Figure::band(value, low, high, Kind::Estimated, "");
        let owning = owning(
            (Usd(3000.0), 8),
            &exact(30_000.0).map(Hours),
            (&exact(6000.0).map(Hours), &exact(240.0).map(Usd)),
            (&exact(400.0).map(Watts), &exact(0.1).map(UsdPerKilowattHour)),
            &band(0.54, 1.54, 1.54).map(UsdPerHour),
        );
        assert_eq!(owning.purchase.value(), Some(Usd(24_000.0)));
        // 6000 of 30,000 h of one device's life, and the electricity.
        assert_eq!(owning.run.value(), Some(Usd(840.0)));
        // 0.4 kW cost 0.04 USD an hour: 3000 / 1.50 to 3000 / 0.50.
        let [low, value, high] = bounds(&owning.break_even);
        assert!((low - 2000.0).abs() < 1e-9 && (value - 2000.0).abs() < 1e-9 && (high - 6000.0).abs() < 1e-6);
        let cheap = band(0.04, 1.0, 1.0).map(UsdPerHour);
        let none = break_even(&exact(1.0).map(Usd), &cheap, &exact(0.04).map(UsdPerHour));
        assert_eq!(none.value(), None);
    }
}
