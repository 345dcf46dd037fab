//! What a run would cost, without running it.
//!
//! Time on devices, said or worked out from the arithmetic, times power is energy (Strubell et al. 2019, equation 1);
//! energy times intensity is emissions (equation 2); both have a price. Everything that was not said is taken
//! from the tables with a band, and the bands go through every sum and product.

mod error;
mod spec;

use lessen_records::estimate::{
    ElsewhereRecord, EstimatedCost, HardwareRecord, OwnRecord, OwnTableRecord, WorkRecord,
};
use lessen_records::{EstimateRecord, Schema};
use lessen_units::{
    Figure, Flops, FlopsPerSecond, Hours, Joules, KilogramsCo2e, KilowattHours, Kind, Quantity, Seconds, Usd,
    UsdPerHour, Watts,
};
use serde_json::Map;

pub use error::{EstimateError, Setting};
pub use spec::{Arithmetic, DeviceName, EstimateSpec};

use crate::device::Device;
use crate::equivalents::equivalents;
use crate::money::{self, owning, price_of_device};
use crate::place::Place;
use crate::published_runs::{six_n_d, utilization};
use crate::site::{Site, pue};
use crate::tables::{DefaultValue, Tables};

/// What a run would cost.
///
/// # Errors
/// [`EstimateError`], which names the setting: a number that cannot be, a device or a region that is not in the
/// tables (with the nearest names), settings that contradict one another.
pub fn estimate(spec: &EstimateSpec, tables: &Tables) -> Result<EstimateRecord, EstimateError> {
    let run = Run::resolve(spec, tables)?;
    let emitted = run.site.emitted(&run.bought);
    let cost = run.cost();
    Ok(EstimateRecord {
        schema: Schema::default(),
        spec: spec.to_json(),
        work: run.work.clone(),
        hardware: HardwareRecord {
            key: run.device.as_ref().map(|device| device.key().to_owned()),
            names: run.device.as_ref().map(Device::names).unwrap_or_default(),
            count: spec.count,
            watts: run.watts.clone(),
            extra: Map::default(),
        },
        experiments: spec.experiments,
        hours: run.hours.clone(),
        device_hours: run.device_hours.clone(),
        joules: run.energy.map(Joules::from),
        kwh_with_pue: run.bought.clone(),
        pue: run.site.pue.clone(),
        carbon: run.site.carbon(&run.bought),
        g_per_kwh: run.site.intensity.g_per_kwh.clone(),
        embodied_kg_co2e: run.embodied(),
        cost,
        equivalents: equivalents(&emitted, &run.bought, tables),
        elsewhere: Vec::new(),
        when: None,
        own_tables: own_tables(tables),
        notes: run.notes(),
        extra: Map::default(),
    })
}

/// The same run in every place of a list, the least emissions first.
///
/// A place's PUE is that which was said, or that of a cloud's region, or else the default. Places whose
/// intensity is not known are left out, and so are all where the energy is not known.
///
/// # Errors
/// As [`estimate`].
pub fn elsewhere(
    spec: &EstimateSpec,
    places: &[Place<'_>],
    tables: &Tables,
) -> Result<Vec<ElsewhereRecord>, EstimateError> {
    let run = Run::resolve(spec, tables)?;
    let mut all: Vec<ElsewhereRecord> = places
        .iter()
        .map(|place| {
            let intensity = place.intensity(tables);
            let pue = pue(spec.site.pue, Some(place), tables);
            let emitted = &(run.energy.combine::<_, KilowattHours>(&pue, |energy, pue| energy * pue))
                * &intensity.g_per_kwh;
            ElsewhereRecord {
                region: place.code(),
                name: place.name().to_owned(),
                kg_co2e: emitted.map(KilogramsCo2e::from),
                scope: intensity.scope_name().to_owned(),
                g_per_kwh: intensity.g_per_kwh,
                pue: pue.value().unwrap_or(f64::NAN),
                year: intensity.year,
                extra: Map::default(),
            }
        })
        .filter(|record| record.kg_co2e.value().is_some())
        .collect();
    let value = |record: &ElsewhereRecord| record.kg_co2e.value().map_or(f64::INFINITY, |mass| mass.0);
    all.sort_by(|a, b| value(a).total_cmp(&value(b)));
    Ok(all)
}

/// Everything that was said, with the tables' word on the rest.
struct Run<'t> {
    spec: &'t EstimateSpec,
    tables: &'t Tables,
    device: Option<Device<'t>>,
    site: Site<'t>,
    work: Option<WorkRecord>,
    /// Of one experiment.
    hours: Figure<Hours>,
    /// Of all devices and experiments.
    device_hours: Figure<Hours>,
    /// Of all devices.
    watts: Figure<Watts>,
    /// Of the computers, in all experiments.
    energy: Figure<KilowattHours>,
    /// With the building's share.
    bought: Figure<KilowattHours>,
}

impl<'t> Run<'t> {
    fn resolve(spec: &'t EstimateSpec, tables: &'t Tables) -> Result<Self, EstimateError> {
        spec.check()?;
        let device = match &spec.device {
            Some(DeviceName::Gpu(name)) => Some(Device::accelerator(name, tables)?),
            Some(DeviceName::Cpu(name)) => Some(Device::processor(name, tables)?),
            None => None,
        };
        let site = Site::new(&spec.site, tables)?;
        let watts = watts(spec, device.as_ref(), tables)?;
        let (work, hours) = time(spec, device.as_ref(), tables)?;
        let device_hours = &hours * (f64::from(spec.count) * spec.experiments as f64);
        let energy = &(&watts * &hours) * spec.experiments as f64;
        let bought = site.bought(&energy.map(Joules::from));
        Ok(Self { spec, tables, device, site, work, hours, device_hours, watts, energy, bought })
    }

    /// Making the devices, by the share that the run's hours are of their life (ISO/IEC 21031: M = TE · TiR/EL).
    fn embodied(&self) -> Figure<KilogramsCo2e> {
        if !matches!(self.device, Some(Device::Accelerator { .. })) {
            return Figure::unavailable(
                "the tables hold what making accelerators emitted, and of nothing else",
            );
        }
        let (Some(making), Some(life)) = (self.default("embodied-device"), self.default("hardware-life"))
        else {
            return Figure::unavailable("the tables do not hold what making devices emitted");
        };
        let share: Figure<f64> = self.device_hours.ratio(&life.map(Hours::from_years));
        making.combine(&share, |making, share| making * share)
    }

    fn cost(&self) -> EstimatedCost {
        let usd_per_kwh = self.site.usd_per_kwh.clone();
        let rent = self.rent();
        let electricity = self.site.electricity(&self.bought);
        let own = self.spec.own_price.map(|price| self.own(price, &electricity, &usd_per_kwh, &rent));
        EstimatedCost {
            cloud_usd: &self.device_hours * &rent,
            electricity_usd: electricity,
            usd_per_kwh,
            usd_per_device_hour: rent,
            own,
            extra: Map::default(),
        }
    }

    fn rent(&self) -> Figure<UsdPerHour> {
        match (self.spec.usd_per_device_hour, &self.device) {
            (Some((low, high)), _) => Figure::band(high, low, high, Kind::Declared, "the rent as said"),
            (None, Some(device)) => {
                price_of_device(device, self.site.place.as_ref().and_then(Place::provider), self.tables)
            }
            (None, None) => Figure::unavailable("no device was said whose rent the tables could hold"),
        }
    }

    fn own(
        &self,
        price: Usd,
        electricity: &Figure<Usd>,
        usd_per_kwh: &Figure<lessen_units::UsdPerKilowattHour>,
        rent: &Figure<UsdPerHour>,
    ) -> OwnRecord {
        let years = match self.spec.own_years {
            Some(years) => Figure::exact(years, Kind::Declared, "the years as said"),
            None => self.default("hardware-life").unwrap_or(Figure::unavailable("no life of hardware")),
        };
        let one = &self.watts * (1.0 / f64::from(self.spec.count));
        let one = one.combine(&self.site.pue, |watts, pue| watts * pue);
        let money::Owning { purchase, run, break_even } = owning(
            (price, self.spec.count),
            &years.map(Hours::from_years),
            (&self.device_hours, electricity),
            (&one, usd_per_kwh),
            rent,
        );
        OwnRecord {
            purchase_usd: purchase,
            years,
            run_usd: run,
            break_even_hours: break_even,
            extra: Map::default(),
        }
    }

    fn default(&self, key: &str) -> Option<Figure<f64>> {
        self.tables.defaults.get(key).map(DefaultValue::figure)
    }

    /// What was taken because nothing was said.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.spec.site.region.is_none() && self.spec.site.intensity.is_none() {
            let bounds =
                |bound: Option<lessen_units::GramsPerKilowattHour>| bound.map_or(f64::NAN, Quantity::raw);
            notes.push(format!(
                "No region was said: the world's average, with a band for a machine that may stand anywhere ({:.0} to {:.0} g/kWh).",
                bounds(self.site.intensity.g_per_kwh.low()),
                bounds(self.site.intensity.g_per_kwh.high()),
            ));
        }
        let unsaid = [
            ("power", self.spec.watts.is_none() && self.watts.value().is_some()),
            ("PUE", self.spec.site.pue.is_none() && self.site.place.as_ref().and_then(Place::pue).is_none()),
            (
                "utilization",
                self.spec.utilization.is_none() && self.spec.hours.is_none() && self.hours.value().is_some(),
            ),
        ];
        let unsaid: Vec<&str> =
            unsaid.into_iter().filter(|(_, unsaid)| *unsaid).map(|(what, _)| what).collect();
        if !unsaid.is_empty() {
            notes.push(format!("Not said, and so taken from the tables with a band: {}.", unsaid.join(", ")));
        }
        if let Some(Arithmetic::Counted { .. }) = self.spec.arithmetic {
            let factor = self.tables.defaults.get("training-over-prediction");
            if let Some(factor) = factor {
                notes.push(format!(
                    "A training step is counted as {} predictions of its examples ({}).",
                    factor.value, factor.source
                ));
            }
        }
        notes
    }
}

/// Power of all devices. Watts that were said are held against the devices' rating: a slip of a factor is more likely than
/// a machine that draws a tenth of it.
fn watts(
    spec: &EstimateSpec,
    device: Option<&Device<'_>>,
    tables: &Tables,
) -> Result<Figure<Watts>, EstimateError> {
    let Some(said) = spec.watts else {
        return Ok(match device {
            Some(device) => &device.working_watts(tables) * f64::from(spec.count),
            None => Figure::unavailable("no power: neither a device nor watts were said"),
        });
    };
    let rated = device.map(|device| &device.rated_watts() * f64::from(spec.count));
    if let (Some(rated), Some(plausible)) = (rated, tables.defaults.get("draw-over-tdp-plausible"))
        && let (Some(least), Some(most)) = (rated.low(), rated.high())
    {
        let (low, high) =
            (least * plausible.low.unwrap_or(0.0), most * plausible.high.unwrap_or(f64::INFINITY));
        if said < low || high < said {
            let named = device.map(|device| device.key().to_owned()).unwrap_or_default();
            return Err(EstimateError::WattsAgainstDevice {
                said,
                device: named,
                count: spec.count,
                low,
                high,
            });
        }
    }
    Ok(Figure::exact(said, Kind::Declared, format!("{} W as said", said.0)))
}

/// The arithmetic of one experiment, and its wall time: said, or the arithmetic over what all devices reach of their peak.
fn time(
    spec: &EstimateSpec,
    device: Option<&Device<'_>>,
    tables: &Tables,
) -> Result<(Option<WorkRecord>, Figure<Hours>), EstimateError> {
    let peak = match (spec.peak, device) {
        (Some(said), _) => Figure::exact(said, Kind::Declared, "the peak as said"),
        (None, Some(device)) => device.peak(spec.precision),
        (None, None) => Figure::unavailable("no peak: no accelerator was said"),
    };
    let peak = &peak * f64::from(spec.count);
    let said = spec.hours.map(|hours| Figure::exact(hours, Kind::Declared, format!("{} h as said", hours.0)));
    let Some(arithmetic) = &spec.arithmetic else {
        return Ok((
            None,
            said.unwrap_or_else(|| Figure::unavailable("no time: neither hours nor work were said")),
        ));
    };
    let flops = flops(arithmetic, tables);
    let (hours, reached) = match said {
        // Both were said: what they make of the peak is worth knowing.
        Some(hours) => {
            let at_peak: Figure<Seconds> = &flops / &peak;
            let reached: Figure<f64> = at_peak.map(Hours::from).ratio(&hours);
            if let Some(low) = reached.low().filter(|low| *low > 1.0) {
                return Err(EstimateError::FasterThanPeak { times: low });
            }
            (hours, reached)
        }
        None => {
            let reached = match spec.utilization {
                Some(said) => Figure::exact(said, Kind::Declared, "the utilization as said"),
                None => utilization(tables),
            };
            let rate: Figure<FlopsPerSecond> = peak.combine(&reached, |peak, share| peak * share);
            let time: Figure<Seconds> = &flops / &rate;
            let hours = time.map(Hours::from);
            let how = "the arithmetic over what the devices reach of their peak";
            (if hours.value().is_some() { hours.described(how) } else { hours }, reached)
        }
    };
    let (flops_per_example, examples) = match arithmetic {
        Arithmetic::Counted { flops_per_example, examples, epochs } => {
            (Some(*flops_per_example), Some(examples.saturating_mul(*epochs)))
        }
        Arithmetic::Flops(_) | Arithmetic::Tokens { .. } => (None, None),
    };
    let known = peak.value().is_some();
    let work = WorkRecord {
        flops,
        peak: known.then_some(peak),
        utilization: known.then_some(reached),
        flops_per_example,
        examples,
        extra: Map::default(),
    };
    Ok((Some(work), hours))
}

/// Operations of one experiment.
fn flops(arithmetic: &Arithmetic, tables: &Tables) -> Figure<Flops> {
    match arithmetic {
        Arithmetic::Flops(flops) => Figure::exact(*flops, Kind::Declared, "operations as said"),
        Arithmetic::Tokens { parameters, tokens } => {
            let source = tables.defaults.get("flops-per-parameter-and-token").map_or("", |row| &row.source);
            let how = format!("{parameters:e} parameters x {tokens:e} tokens, {source}");
            Figure::exact(six_n_d(*parameters, *tokens, tables), Kind::Estimated, how)
        }
        Arithmetic::Counted { flops_per_example, examples, epochs } => {
            let passes = tables.defaults.get("training-over-prediction").map_or(f64::NAN, |row| row.value);
            let times = *examples as f64 * *epochs as f64 * passes;
            let how = format!(
                "{flops_per_example} operations a prediction, counted, x {passes} x {examples} examples x {epochs} epochs"
            );
            Figure::exact(Flops(*flops_per_example as f64 * times), Kind::Estimated, how)
        }
    }
}

/// The tables of the user's that were laid over the built-in ones, for a record; empty where there are none.
pub fn own_tables(tables: &Tables) -> Vec<OwnTableRecord> {
    let records = tables.own.iter().map(|own| OwnTableRecord {
        file: own.file.to_owned(),
        rows: own.rows as u64,
        replaced: own.replaced as u64,
        extra: Map::default(),
    });
    records.collect()
}

#[cfg(test)]
mod tests;
