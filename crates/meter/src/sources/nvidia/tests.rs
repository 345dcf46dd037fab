use super::*;
use std::fs;

/// Boards as `(millijoules, milliwatts, divided)`; what is `None` is not supported.
struct Fake(Vec<(Option<u64>, Option<u32>, bool)>);

impl Nvml for Fake {
    fn boards(&self) -> Result<Vec<Board>, String> {
        let board = |(index, (_, _, divided)): (u32, &(_, _, bool))| Board {
            index,
            uuid: format!("GPU-{index}{index}"),
            name: "Fake".to_owned(),
            divided: *divided,
        };
        Ok((0..).zip(&self.0).map(board).collect())
    }

    fn millijoules(&self, index: u32) -> Result<u64, String> {
        self.0[index as usize].0.ok_or_else(|| "not supported".to_owned())
    }

    fn milliwatts(&self, index: u32) -> Result<u32, String> {
        self.0[index as usize].1.ok_or_else(|| "not supported".to_owned())
    }

    fn board_of_part(&self, uuid: &str) -> Option<u32> {
        uuid.starts_with("MIG-").then_some(0)
    }
}

fn boards(nvml: Fake, cuda: Option<&str>) -> Result<(Boards, Vec<Unread>), Refusal> {
    Boards::of(Box::new(nvml), &Visible { cuda: cuda.map(str::to_owned), ..Visible::default() })
}

#[test]
fn a_board_is_read_by_its_counter_or_else_its_power() {
    let nvml =
        Fake(vec![(Some(5_000), Some(70_000), false), (None, Some(250_500), false), (None, None, false)]);
    let (mut boards, unread) = boards(nvml, None).unwrap();
    let mut samples = vec![Err(String::new()); 2];
    boards.read(Moment::now(), &mut samples);
    let counted = Sample::Counted { count: 5_000, unit: Joules(1e-3), range: None };
    assert_eq!(samples, [Ok(counted), Ok(Sample::Drawn(Watts(250.5)))]);
    let devices: Vec<_> = boards
        .devices()
        .iter()
        .map(|device| (device.name.as_str(), device.rung, device.why.as_deref()))
        .collect();
    assert_eq!(
        devices,
        [
            ("gpu 0 (Fake)", Rung::Counter, None),
            ("gpu 1 (Fake)", Rung::IntegratedPower, Some("no energy counter: not supported")),
        ]
    );
    let why = "no energy counter: not supported; no power: not supported".to_owned();
    assert_eq!(unread, [Unread { device: "gpu 2 (Fake)".to_owned(), why }]);
    assert_eq!(boards.interval(), Some(Duration::from_millis(100)), "power is read often");
}

#[test]
fn counters_need_not_be_read_often() {
    let (boards, _) = boards(Fake(vec![(Some(1), None, false)]), None).unwrap();
    assert_eq!(boards.interval(), None);
}

#[test]
fn a_divided_board_counts_once_for_all_its_visible_parts() {
    let nvml = Fake(vec![(Some(1), None, true), (Some(1), None, false)]);
    let (boards, _) = boards(nvml, Some("MIG-1,MIG-2,MIG-3")).unwrap();
    let names: Vec<&str> = boards.devices().iter().map(|device| device.name.as_str()).collect();
    assert_eq!(names, ["gpu 0 (Fake, all parts of it)"]);
}

#[test]
fn no_boards_or_none_to_see_is_a_reason() {
    let reason = |nvml, cuda| boards(nvml, cuda).err().map(|refusal| (refusal.why, refusal.there));
    let absent = |why: &str| Some((why.to_owned(), false));
    assert_eq!(reason(Fake(Vec::new()), None), absent("the NVIDIA driver knows no board"));
    let one = Fake(vec![(Some(1), None, false)]);
    assert_eq!(reason(one, Some("")), absent("no NVIDIA board is visible to the command"));
}

#[test]
fn a_board_without_driver_is_seen_on_the_bus() {
    let sys = tempfile::tempdir().unwrap();
    assert!(!has_board(sys.path()));
    for (slot, vendor, class) in
        [("0000:00:01.0", "0x10de", "0x040300"), ("0000:00:02.0", "0x1002", "0x030000")]
    {
        let folder = sys.path().join("bus/pci/devices").join(slot);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("vendor"), vendor).unwrap();
        fs::write(folder.join("class"), class).unwrap();
    }
    assert!(!has_board(sys.path()), "its sound, and a board of another maker");
    fs::write(sys.path().join("bus/pci/devices/0000:00:01.0/class"), "0x030200\n").unwrap();
    assert!(has_board(sys.path()));
}
