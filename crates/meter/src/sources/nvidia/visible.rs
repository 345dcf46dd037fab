//! Which boards a command may use, as its environment says.

use std::env;

use super::Board;

/// The variables that hide boards from a command.
///
/// Indices are those of the driver (the order of the bus). Where boards differ and `CUDA_DEVICE_ORDER` is not
/// `PCI_BUS_ID`, CUDA may count them in another order; UUIDs name the same board everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visible {
    /// `CUDA_VISIBLE_DEVICES`: indices and UUIDs. What follows a name that fits no board is ignored, as CUDA does.
    pub cuda: Option<String>,
    /// `NVIDIA_VISIBLE_DEVICES`, by which container runtimes choose.
    pub nvidia: Option<String>,
    /// `ROCR_VISIBLE_DEVICES`, of AMD's boards: indices, and `GPU-` with the board's unique id.
    pub rocr: Option<String>,
    /// `HIP_VISIBLE_DEVICES`: the same, among those that the other left.
    pub hip: Option<String>,
}

impl Visible {
    /// Those of this process, which a command inherits.
    pub fn from_environment() -> Self {
        let variable = |name| env::var(name).ok();
        Self {
            cuda: variable("CUDA_VISIBLE_DEVICES"),
            nvidia: variable("NVIDIA_VISIBLE_DEVICES"),
            rocr: variable("ROCR_VISIBLE_DEVICES"),
            hip: variable("HIP_VISIBLE_DEVICES"),
        }
    }

    /// The places of the visible ones among AMD's boards, of which the unique ids are given where they have some. What
    /// follows a name that fits no board is ignored, as ROCm does.
    pub(crate) fn amd_boards(&self, ids: &[Option<String>]) -> Vec<usize> {
        let mut left: Vec<usize> = (0..ids.len()).collect();
        for names in [&self.rocr, &self.hip].into_iter().flatten() {
            let place = |name: &str| match name.strip_prefix("GPU-") {
                Some(id) => {
                    let has_it = |&place: &usize| {
                        ids[place].as_ref().is_some_and(|known| known.eq_ignore_ascii_case(id))
                    };
                    left.iter().copied().find(has_it)
                }
                None => left.get(name.parse::<usize>().ok()?).copied(),
            };
            left = once(names.split(',').map_while(|name| place(name.trim())));
        }
        left
    }

    /// The indices of the visible ones among `boards`, each once; `board_of_part` finds the board of a part by
    /// its UUID.
    pub(super) fn boards(&self, boards: &[Board], board_of_part: impl Fn(&str) -> Option<u32>) -> Vec<u32> {
        let given = self.given_to_container(boards, &board_of_part);
        let Some(cuda) = &self.cuda else { return given };
        let index = |name: &str| match name.parse::<usize>() {
            Ok(place) => given.get(place).copied(),
            Err(_) => named(boards, name, &board_of_part).filter(|index| given.contains(index)),
        };
        once(cuda.split(',').map_while(|name| index(name.trim())))
    }

    /// Inside of a container the driver shows only what was given, and counts it anew: then the variable's indices,
    /// which are the host's, have done their work.
    fn given_to_container(&self, boards: &[Board], board_of_part: &dyn Fn(&str) -> Option<u32>) -> Vec<u32> {
        let all = || boards.iter().map(|board| board.index).collect();
        match self.nvidia.as_deref().map(str::trim) {
            None | Some("" | "all" | "void") => all(),
            Some("none") => Vec::new(),
            Some(names) if names.split(',').count() >= boards.len() => all(),
            Some(names) => {
                let index = |name: &str| match name.split(':').next()?.parse::<u32>() {
                    Ok(index) => boards.iter().find(|board| board.index == index).map(|board| board.index),
                    Err(_) => named(boards, name, board_of_part),
                };
                once(names.split(',').filter_map(|name| index(name.trim())))
            }
        }
    }
}

/// The board with a UUID, or with the only one that begins so; of a part the board that it belongs to. Parts are
/// called `MIG-GPU-uuid/1/0` by older drivers, `MIG-uuid` by newer ones.
fn named(boards: &[Board], name: &str, board_of_part: &dyn Fn(&str) -> Option<u32>) -> Option<u32> {
    let board = match name.strip_prefix("MIG-") {
        Some(part) if part.starts_with("GPU-") => part.split('/').next()?,
        Some(_) => return board_of_part(name),
        None => name,
    };
    if !board.starts_with("GPU-") {
        return None;
    }
    let mut fitting = boards.iter().filter(|known| known.uuid.starts_with(board));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Some(only.index),
        _ => None,
    }
}

fn once<T: PartialEq>(indices: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for index in indices {
        if !seen.contains(&index) {
            seen.push(index);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boards() -> Vec<Board> {
        let board = |(index, uuid): (u32, &&str)| Board {
            index,
            uuid: (*uuid).to_owned(),
            name: "NVIDIA A100".to_owned(),
            divided: false,
        };
        (0..).zip(&["GPU-aa11", "GPU-aa22", "GPU-bb33", "GPU-cc44"]).map(board).collect()
    }

    #[test]
    fn boards_are_chosen_as_cuda_and_containers_do() {
        for (cuda, nvidia, expected) in [
            (None, None, &[0, 1, 2, 3][..]),
            (Some("2,0"), None, &[2, 0]),
            (Some(" 1 , 1 "), None, &[1]),
            (Some(""), None, &[]),
            (Some("-1"), None, &[]),
            (Some("NoDevFiles"), None, &[]),
            (Some("0,-1,2"), None, &[0]),
            (Some("0,9,2"), None, &[0]),
            (Some("GPU-bb33,0"), None, &[2, 0]),
            (Some("GPU-b"), None, &[2]),
            (Some("GPU-aa"), None, &[]),
            (Some("MIG-GPU-bb33/1/0,MIG-GPU-bb33/2/0"), None, &[2]),
            (Some("MIG-77,MIG-78"), None, &[3]),
            (Some("MIG-99"), None, &[]),
            (None, Some("all"), &[0, 1, 2, 3]),
            (None, Some("void"), &[0, 1, 2, 3]),
            (None, Some("none"), &[]),
            (None, Some("1,3"), &[1, 3]),
            (None, Some("1:0,1:1"), &[1]),
            (None, Some("GPU-cc44"), &[3]),
            // Host indices of four boards that a container sees as its own 0 to 3.
            (None, Some("4,5,6,7"), &[0, 1, 2, 3]),
            (Some("1"), Some("1,3"), &[3]),
            (Some("GPU-aa11"), Some("1,3"), &[]),
        ] {
            let (cuda, nvidia) = (cuda.map(str::to_owned), nvidia.map(str::to_owned));
            let visible = Visible { cuda, nvidia, ..Visible::default() };
            let part = |uuid: &str| ["MIG-77", "MIG-78"].contains(&uuid).then_some(3);
            assert_eq!(visible.boards(&boards(), part), expected, "{visible:?}");
        }
    }

    #[test]
    fn amds_boards_are_chosen_by_two_variables_one_after_the_other() {
        let ids = [Some("ab01".to_owned()), None, Some("cd02".to_owned()), None];
        for (rocr, hip, expected) in [
            (None, None, &[0, 1, 2, 3][..]),
            (Some("2,0"), None, &[2, 0]),
            (Some("GPU-CD02, 1"), None, &[2, 1]),
            (Some("GPU-ee"), None, &[]),
            (Some(""), None, &[]),
            (None, Some("1,1,-1,0"), &[1]),
            (None, Some("0,9,1"), &[0]),
            (Some("2,3"), Some("1"), &[3]),
            (Some("2,3"), Some("GPU-ab01"), &[]),
            (Some("2,3"), Some("2"), &[]),
        ] {
            let (rocr, hip) = (rocr.map(str::to_owned), hip.map(str::to_owned));
            let visible = Visible { rocr, hip, ..Visible::default() };
            assert_eq!(visible.amd_boards(&ids), expected, "{visible:?}");
        }
    }
}
