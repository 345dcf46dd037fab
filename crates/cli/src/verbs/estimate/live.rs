//! `--live`: the intensity of now from a service that the user named, and the tables where it has none.

use lessen_footprint::{Intensity, Tables};

use crate::args::estimate::LiveZone;

/// The user's token for Electricity Maps.
#[cfg(feature = "live")]
const TOKEN: &str = "ELECTRICITY_MAPS_TOKEN";
/// Another address that speaks as Electricity Maps does.
#[cfg(feature = "live")]
const ADDRESS: &str = "ELECTRICITY_MAPS_URL";

/// The intensity, or else the fallback and why.
#[cfg(feature = "live")]
pub(super) fn intensity(
    live: &LiveZone,
    fallback: Intensity,
    tables: &Tables,
) -> anyhow::Result<(Intensity, Option<String>)> {
    use lessen_footprint::live::{ElectricityMaps, or_table};

    let token = std::env::var(TOKEN).unwrap_or_default();
    if token.trim().is_empty() {
        let message = format!("`--live`: no token in {TOKEN}");
        let hint = "Electricity Maps gives one to each user; without one say --region".to_owned();
        return Err(crate::failure::Advised { message, hint }.into());
    }
    let service = match std::env::var(ADDRESS) {
        Ok(base) => ElectricityMaps::at(&base, token),
        Err(_) => ElectricityMaps::new(token),
    };
    Ok(or_table(service.latest(&live.zone), fallback, tables))
}

#[cfg(not(feature = "live"))]
pub(super) fn intensity(
    live: &LiveZone,
    _: Intensity,
    _: &Tables,
) -> anyhow::Result<(Intensity, Option<String>)> {
    let message = format!("`--live {}`: this lessen was built without live intensities", live.zone);
    let hint = "build it with `cargo build --release --features live`, or say --region".to_owned();
    Err(crate::failure::Advised { message, hint }.into())
}
