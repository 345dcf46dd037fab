//! Models of one role that were made alike.

use lessen_records::{ModelRecord, ResultRecord, Role};

use crate::chart::{Mark, Shape, Tone};

/// Models with the same role and method.
pub(super) struct Group<'result> {
    /// Role and method, in words.
    pub(super) name: String,
    /// How its models are drawn.
    pub(super) mark: Mark,
    pub(super) models: Vec<&'result ModelRecord>,
}

const STUDENTS: [Shape; 4] = [Shape::Circle, Shape::Up, Shape::Down, Shape::Diamond];
const OTHERS: [Shape; 6] =
    [Shape::Circle, Shape::Diamond, Shape::Up, Shape::Square, Shape::Down, Shape::Plus];

/// All models in groups, in the order in which groups first occur.
pub(super) fn groups(result: &ResultRecord) -> Vec<Group<'_>> {
    let mut kinds: Vec<(&Role, &str, Vec<&ModelRecord>)> = Vec::new();
    for model in &result.models {
        match kinds.iter_mut().find(|(role, method, _)| **role == model.role && *method == model.method) {
            Some((_, _, models)) => models.push(model),
            None => kinds.push((&model.role, &model.method, vec![model])),
        }
    }
    let (mut students, mut others) = (STUDENTS.into_iter().cycle(), OTHERS.into_iter().cycle());
    let mut mark = |role: &Role| match role {
        Role::Teacher => Mark { shape: Shape::Square, tone: Tone::Ink },
        Role::BestMember => Mark { shape: Shape::Cross, tone: Tone::Ink },
        Role::Student => Mark { shape: students.next().unwrap_or(Shape::Circle), tone: Tone::Accent },
        _ => Mark { shape: others.next().unwrap_or(Shape::Circle), tone: Tone::Muted },
    };
    let group = |(role, method, models): (&Role, &str, _)| Group {
        name: named(role, method),
        mark: mark(role),
        models,
    };
    kinds.into_iter().map(group).collect()
}

fn named(role: &Role, method: &str) -> String {
    let role = role.as_str();
    if method.is_empty() || method == role { role.to_owned() } else { format!("{role}: {method}") }
}
