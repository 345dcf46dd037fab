//! Under which terms the sources of rows are used.

/// Publishers by a word of their sources, and their terms, in short: `NOTICE` has them in full.
const TERMS: [(&str, &str); 9] = [
    ("Ember", "Ember, Yearly Electricity Data, as processed by Our World in Data: CC BY 4.0"),
    ("US EPA", "US EPA: works of the US government"),
    ("US EIA", "US EIA: works of the US government"),
    ("region-carbon-info", "Google, region-carbon-info: Apache License 2.0"),
    ("Eurostat", "Eurostat: CC BY 4.0"),
    ("Green Algorithms", "Green Algorithms: CC BY 4.0"),
    ("Cloud Carbon Footprint", "Cloud Carbon Footprint: Apache License 2.0"),
    ("Epoch AI", "Epoch AI: CC BY 4.0"),
    ("CodeCarbon", "CodeCarbon: MIT License"),
];

/// The attribution below a table with these sources.
pub(super) fn of<'t>(mut sources: impl Iterator<Item = &'t str> + Clone) -> String {
    let terms: Vec<&str> = TERMS
        .iter()
        .filter(|(publisher, _)| sources.clone().any(|source| source.contains(publisher)))
        .map(|&(_, terms)| terms)
        .collect();
    let others = sources.any(|source| !TERMS.iter().any(|(publisher, _)| source.contains(publisher)));
    let mut said = terms.join("; ");
    if !said.is_empty() {
        said += ". ";
    }
    if others {
        said += if terms.is_empty() { "Single" } else { "Other rows are single" };
        said += " facts from the documents that they name. ";
    }
    said + "`NOTICE` has the attributions in full."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_those_of_the_sources_that_are_there() {
        assert_eq!(
            of(["Ember (2026)", "US EPA eGRID2023"].into_iter()),
            "Ember, Yearly Electricity Data, as processed by Our World in Data: CC BY 4.0; \
             US EPA: works of the US government. `NOTICE` has the attributions in full."
        );
        assert_eq!(
            of(["a data sheet", "Eurostat nrg_pc_205"].into_iter()),
            "Eurostat: CC BY 4.0. Other rows are single facts from the documents that they name. \
             `NOTICE` has the attributions in full."
        );
        assert_eq!(
            of(["a data sheet"].into_iter()),
            "Single facts from the documents that they name. `NOTICE` has the attributions in full."
        );
    }
}
