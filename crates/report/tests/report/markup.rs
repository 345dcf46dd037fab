//! A strict reader of our own pages: tags that match, text without markup, attributes in quotes, coordinates that are
//! numbers.

const TAGS: &str = "html head meta title style body main header section aside h1 h2 h3 p div span bdi strong small ul li \
                    dl dt dd a details summary pre table caption thead tbody tfoot tr th td figure figcaption svg desc g \
                    path line circle rect text";
const COORDINATES: &str = "x y x1 y1 x2 y2 cx cy r width height";
const ATTRIBUTES: &str = "lang charset name content http-equiv class title href scope colspan tabindex role aria-label \
                          aria-hidden viewBox d";

/// What is wrong with a page, if anything is.
pub(crate) fn check(page: &str) -> Result<(), String> {
    let mut rest = page.strip_prefix("<!DOCTYPE html>\n").ok_or("no document type")?;
    let mut open: Vec<&str> = Vec::new();
    while let Some(start) = rest.find('<') {
        let (text, after) = rest.split_at(start);
        plain(text)?;
        let (tag, after) = after[1..].split_once('>').ok_or("a tag does not end")?;
        rest = after;
        if let Some(closed) = tag.strip_prefix('/') {
            let opened = open.pop();
            if opened != Some(closed) {
                return Err(format!("</{closed}> closes {opened:?}"));
            }
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        known(name, TAGS)?;
        check_attributes(attributes)?;
        if name != "meta" {
            open.push(name);
        }
        if name == "style" {
            let end = rest.find("</style>").ok_or("the style does not end")?;
            rest = &rest[end..];
        }
    }
    plain(rest)?;
    if open.is_empty() { Ok(()) } else { Err(format!("{open:?} are not closed")) }
}

/// The text of a page without style, pictures and tags, a line for each block.
pub(crate) fn text(page: &str) -> String {
    let mut text = String::new();
    let mut skipped = None;
    for piece in page.split('<').skip(1) {
        let (tag, after) = piece.split_once('>').unwrap();
        let name = tag.split(' ').next().unwrap();
        match skipped {
            Some(until) if name == until => skipped = None,
            Some(_) => continue,
            None if name == "style" => skipped = Some("/style"),
            None if name == "svg" => skipped = Some("/svg"),
            None => (),
        }
        if skipped.is_none() {
            if matches!(name, "td" | "th" | "small" | "dd" | "strong") {
                text.push_str(" | ");
            }
            text.push_str(after);
        }
    }
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn known(word: &str, list: &str) -> Result<(), String> {
    let there = list.split_whitespace().any(|known| known == word);
    if there { Ok(()) } else { Err(format!("`{word}` is none of ours")) }
}

/// Without signs of markup but references to them, and without numbers that are none.
fn plain(text: &str) -> Result<(), String> {
    if let Some(sign) = text
        .chars()
        .find(|&sign| matches!(sign, '<' | '>' | '"' | '\'') || (sign.is_control() && sign != '\n'))
    {
        return Err(format!("{sign:?} in {text:?}"));
    }
    for reference in text.split('&').skip(1) {
        let (name, _) = reference.split_once(';').ok_or_else(|| format!("& in {text:?}"))?;
        known(name, "amp lt gt quot #39")?;
    }
    match text.split(|letter: char| !letter.is_alphanumeric()).find(|word| matches!(*word, "NaN" | "inf")) {
        Some(word) => Err(format!("{word} in {text:?}")),
        None => Ok(()),
    }
}

fn check_attributes(mut rest: &str) -> Result<(), String> {
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").ok_or_else(|| format!("no value in {rest:?}"))?;
        let (value, after) = after.split_once('"').ok_or_else(|| format!("{name} does not end"))?;
        plain(value)?;
        if known(name, COORDINATES).is_ok() {
            number(value)?;
        } else {
            known(name, ATTRIBUTES)?;
        }
        if name == "d" {
            value.split(['M', 'L', 'Z', ' ']).filter(|part| !part.is_empty()).try_for_each(number)?;
        }
        if name == "href" && !value.starts_with("./") {
            return Err(format!("{value} leads away"));
        }
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    Ok(())
}

fn number(text: &str) -> Result<(), String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number.abs() < 1e5 => Ok(()),
        _ => Err(format!("{text:?} is no coordinate")),
    }
}

#[test]
fn what_is_wrong_is_found() {
    for (page, sound) in [
        ("<p class=\"a\">1 &lt; 2</p>", true),
        ("<p>a", false),
        ("<p><g></p></g>", false),
        ("<p>a > b</p>", false),
        ("<p>a & b</p>", false),
        ("<script></script>", false),
        ("<p onclick=\"x\"></p>", false),
        ("<p title=\"a\" b\"></p>", false),
        ("<path d=\"M1 2LNaN 3\"></path>", false),
        ("<line x1=\"inf\"></line>", false),
        ("<a href=\"javascript:x\"></a>", false),
        ("<p>took NaN J</p>", false),
    ] {
        assert_eq!(check(&format!("<!DOCTYPE html>\n{page}")).is_ok(), sound, "{page}");
    }
}
