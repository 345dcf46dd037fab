//! Labels beside what they name, none over another.

use Anchor::{End, Middle, Start};

/// Height of a line of text, in pixels of the picture.
pub(super) const LINE: f64 = 14.0;
/// From the foot of a line of text to the line on which letters stand.
const DESCENT: f64 = 3.5;
/// Between a point and its label.
const GAP: f64 = 7.0;

/// Part of a picture; `top` is above `bottom`, and so the smaller number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    pub(super) fn around((x, y): (f64, f64), radius: f64) -> Self {
        Self { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius }
    }

    fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn holds(&self, other: &Self) -> bool {
        self.left <= other.left
            && other.right <= self.right
            && self.top <= other.top
            && other.bottom <= self.bottom
    }
}

/// What is already in a picture: labels keep clear of marks and of each other, and of lines where they can.
pub(super) struct Crowd {
    frame: Area,
    taken: Vec<Area>,
    lines: Vec<Area>,
}

/// Where a label is set: which part of it, and on which line its letters stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) anchor: Anchor,
    pub(super) x: f64,
    pub(super) y: f64,
}

/// The part of a label that is set at its place. A label to the left of a point is set by its end, so that it keeps
/// clear of the point in any font.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    pub(super) fn class(self) -> &'static str {
        match self {
            Start => "start",
            Middle => "middle",
            End => "end",
        }
    }
}

impl Crowd {
    pub(super) fn new(frame: Area) -> Self {
        Self { frame, taken: Vec::new(), lines: Vec::new() }
    }

    /// A mark that no label may cover.
    pub(super) fn take(&mut self, area: Area) {
        self.taken.push(area);
    }

    /// A line that labels avoid where they can.
    pub(super) fn line(&mut self, points: &[(f64, f64)]) {
        for pair in points.windows(2) {
            let [(x, y), (to_x, to_y)] = [pair[0], pair[1]];
            let pieces = ((to_x - x).hypot(to_y - y) / LINE).ceil().clamp(1.0, 200.0);
            self.lines.extend((0..=pieces as usize).map(|piece| {
                let share = piece as f64 / pieces;
                Area::around((x + (to_x - x) * share, y + (to_y - y) * share), 1.0)
            }));
        }
    }

    /// A place for a text of this width beside a point: the first of those that cross the fewest lines; `None` where
    /// each would cover a mark or another label, or leave the frame.
    pub(super) fn beside(&mut self, (x, y): (f64, f64), width: f64) -> Option<Place> {
        let (level, above, below) = (y - LINE / 2.0, y - GAP - LINE, y + GAP);
        let (right, left) = (x + GAP, x - GAP);
        let near = [(Start, right, level), (End, left, level), (Middle, x, above), (Middle, x, below)];
        let corners = [(Start, right, above), (End, left, above), (Start, right, below), (End, left, below)];
        let far = [
            (Middle, x, above - LINE / 2.0),
            (Middle, x, below + LINE / 2.0),
            (End, right, above),
            (End, right, below),
            (Start, left, above),
            (Start, left, below),
        ];
        self.first_free(near.into_iter().chain(corners).chain(far), width)
    }

    /// A place along a level line that crosses the frame: above or below it, at either end or in the middle.
    pub(super) fn along(&mut self, y: f64, width: f64) -> Option<Place> {
        let (left, right) = (self.frame.left + GAP, self.frame.right - GAP);
        let anchors = [(Start, left), (End, right), (Middle, (left + right) / 2.0)];
        let tops = [y - LINE - 1.0, y + 1.0];
        self.first_free(tops.into_iter().flat_map(|top| anchors.map(|(anchor, x)| (anchor, x, top))), width)
    }

    /// Of places, given with the top of the text, the first of those with the fewest lines behind the text.
    fn first_free(&mut self, places: impl Iterator<Item = (Anchor, f64, f64)>, width: f64) -> Option<Place> {
        let areas = places.map(|(anchor, x, top)| {
            let left = match anchor {
                Start => x,
                Middle => x - width / 2.0,
                End => x - width,
            };
            let area = Area { left, top, right: left + width, bottom: top + LINE };
            (Place { anchor, x, y: area.bottom - DESCENT }, area)
        });
        let free = areas
            .filter(|(_, area)| self.frame.holds(area) && !self.taken.iter().any(|taken| taken.meets(area)));
        let (place, area) =
            free.min_by_key(|(_, area)| self.lines.iter().filter(|line| line.meets(area)).count())?;
        self.taken.push(area);
        Some(place)
    }
}

/// About how wide a text is set, in a wide font: letters of wide scripts are as wide as high.
pub(super) fn width(text: &str) -> f64 {
    let letter = |letter: char| match letter {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | ' ' | '.' | ',' | ':' | '-' | '(' | ')' => 4.6,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 11.5,
        '\u{2e80}'.. => 12.0,
        _ => 7.4,
    };
    text.chars().map(letter).sum()
}

/// The beginning of a text of at most `most` characters, with `…` where that is not all.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", beginning.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd() -> Crowd {
        Crowd::new(Area { left: 0.0, top: 0.0, right: 200.0, bottom: 100.0 })
    }

    #[test]
    fn a_label_stands_to_the_right_where_it_can() {
        let place = crowd().beside((100.0, 50.0), 40.0);
        assert_eq!(place, Some(Place { anchor: Start, x: 107.0, y: 53.5 }));
    }

    #[test]
    fn a_label_keeps_clear_of_the_frame_marks_and_lines() {
        let mut crowd = crowd();
        let left = crowd.beside((190.0, 50.0), 40.0);
        assert_eq!(left, Some(Place { anchor: End, x: 183.0, y: 53.5 }), "right is outside");
        crowd.line(&[(100.0, 20.0), (140.0, 20.0)]);
        let left = crowd.beside((100.0, 20.0), 30.0);
        assert_eq!(left, Some(Place { anchor: End, x: 93.0, y: 23.5 }), "a line runs right");
        crowd.take(Area { left: 0.0, top: 0.0, right: 200.0, bottom: 100.0 });
        assert_eq!(crowd.beside((100.0, 50.0), 40.0), None);
    }

    #[test]
    fn labels_do_not_meet() {
        let mut crowd = crowd();
        let places: Vec<Place> = (0..9).filter_map(|_| crowd.beside((100.0, 50.0), 40.0)).collect();
        assert!((4..9).contains(&places.len()), "{places:?}");
        let left = |place: &Place| match place.anchor {
            Start => place.x,
            Middle => place.x - 20.0,
            End => place.x - 40.0,
        };
        for (index, a) in places.iter().enumerate() {
            for b in &places[..index] {
                let apart = (left(a) - left(b)).abs() >= 40.0 || (a.y - b.y).abs() >= LINE;
                assert!(apart, "{a:?} meets {b:?}");
            }
        }
    }

    #[test]
    fn long_texts_are_shortened() {
        assert_eq!(shortened("student 64", 10), "student 64");
        assert_eq!(shortened("student 128", 10), "student 1…");
        assert_eq!(shortened("äöü äöü", 5), "äöü…");
    }
}
