//! Where something runs, and what that makes of its energy.

use lessen_records::receipt::Carbon;
use lessen_units::{
    Figure, GramsCo2e, Joules, KilogramsCo2e, KilowattHours, Kind, Quantity, Usd, UsdPerKilowattHour,
};
use serde_json::Map;

use crate::intensity::Intensity;
use crate::money::price_of_electricity;
use crate::place::{Place, PlaceError};
use crate::tables::Tables;

/// What is said of where something runs; what is `None` is the region's, or else taken from the tables with a band.
#[derive(Clone, Debug, Default)]
pub struct SiteSpec {
    /// By code or name in the tables: its intensity, PUE and price are taken. `None`: the world's average.
    pub region: Option<String>,
    /// Intensity of the electricity, in place of the region's.
    pub intensity: Option<Intensity>,
    /// Energy of the building over that of the computers; at least 1.
    pub pue: Option<f64>,
    /// The price of electricity.
    pub usd_per_kwh: Option<UsdPerKilowattHour>,
}

/// Where something runs: building, grid and price of its electricity.
#[derive(Clone, Debug)]
pub struct Site<'t> {
    /// `None` where nobody said.
    pub place: Option<Place<'t>>,
    /// What a kilowatt-hour emits.
    pub intensity: Intensity,
    /// Energy of the building over that of the computers.
    pub pue: Figure<f64>,
    /// What a kilowatt-hour costs.
    pub usd_per_kwh: Figure<UsdPerKilowattHour>,
}

impl<'t> Site<'t> {
    /// The site that was said, with the tables' word on the rest.
    ///
    /// # Errors
    /// [`PlaceError`] where the region is not in the tables, with the nearest names.
    pub fn new(spec: &SiteSpec, tables: &'t Tables) -> Result<Self, PlaceError> {
        let place = spec.region.as_deref().map(|name| Place::find(name, tables)).transpose()?;
        let intensity = match (&spec.intensity, &place) {
            (Some(said), _) => said.clone(),
            (None, Some(place)) => place.intensity(tables),
            (None, None) => Intensity::world_average(tables),
        };
        let pue = pue(spec.pue, place.as_ref(), tables);
        let usd_per_kwh = match spec.usd_per_kwh {
            Some(price) => Figure::exact(price, Kind::Declared, "the price of electricity as said"),
            None => price_of_electricity(place.as_ref(), tables),
        };
        Ok(Self { place, intensity, pue, usd_per_kwh })
    }

    /// The computers' energy with the building's share.
    pub fn bought(&self, energy: &Figure<Joules>) -> Figure<KilowattHours> {
        energy.map(KilowattHours::from).combine(&self.pue, |energy, pue| energy * pue)
    }

    /// What the electricity that was bought emitted.
    pub fn emitted(&self, bought: &Figure<KilowattHours>) -> Figure<GramsCo2e> {
        bought * &self.intensity.g_per_kwh
    }

    /// [`Site::emitted`] for a record, with what it was worked out with.
    pub fn carbon(&self, bought: &Figure<KilowattHours>) -> Carbon {
        Carbon {
            kg_co2e: self.emitted(bought).map(KilogramsCo2e::from),
            g_per_kwh: self.intensity.g_per_kwh.value().map(Quantity::raw),
            region: self.intensity.region.clone(),
            year: self.intensity.year,
            scope: self.intensity.scope_name().to_owned(),
            source: self.intensity.source.clone(),
            extra: Map::default(),
        }
    }

    /// What the electricity that was bought costs.
    pub fn electricity(&self, bought: &Figure<KilowattHours>) -> Figure<Usd> {
        bought * &self.usd_per_kwh
    }
}

/// The PUE that was said, or that of a cloud's region, or else the default with its band.
pub(crate) fn pue(said: Option<f64>, place: Option<&Place<'_>>, tables: &Tables) -> Figure<f64> {
    if let Some(said) = said {
        return Figure::exact(said, Kind::Declared, format!("PUE {said} as said"));
    }
    if let Some((value, how)) = place.and_then(Place::pue) {
        return Figure::exact(value, Kind::Declared, how);
    }
    match tables.defaults.get("pue") {
        Some(row) => row.figure().described(format!("PUE {}, {}", row.value, row.source)),
        None => Figure::unavailable("no PUE in the tables"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessen_units::KilogramsCo2e;

    #[test]
    fn a_kilowatt_hour_at_a_site() {
        let tables = Tables::built_in();
        let spec = SiteSpec {
            region: Some("aws:eu-west-1".to_owned()),
            intensity: Some(Intensity::parse("200 g/kWh").unwrap()),
            ..SiteSpec::default()
        };
        let site = Site::new(&spec, tables).unwrap();
        let energy = Figure::exact(Joules::from(KilowattHours(1.0)), Kind::Measured, "a meter");
        let bought = site.bought(&energy);
        assert!((bought.value().unwrap().0 - 1.11).abs() < 1e-12, "the region's PUE");
        assert!((site.carbon(&bought).kg_co2e.value().unwrap().0 - 0.222).abs() < 1e-12);
        assert!(
            (site.electricity(&bought).value().unwrap().0 - 1.11 * 0.228).abs() < 1e-12,
            "Ireland's price"
        );
    }

    #[test]
    fn an_unknown_energy_stays_unknown() {
        let site = Site::new(&SiteSpec::default(), Tables::built_in()).unwrap();
        let bought = site.bought(&Figure::unavailable("no sensor"));
        assert_eq!(site.carbon(&bought).kg_co2e, Figure::<KilogramsCo2e>::unavailable("no sensor"));
        assert_eq!(site.electricity(&bought).how(), "no sensor");
    }
}
