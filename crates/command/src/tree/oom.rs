//! Whether the system killed for want of memory.

use std::fs;
use std::path::PathBuf;

use super::cgroup::{Hierarchy, folder_of};

/// The count of such kills in the control group that we, and so the command, are in as far as memory goes.
#[derive(Debug)]
pub(crate) struct Killer {
    file: PathBuf,
    before: u64,
}

impl Killer {
    /// `None` where nothing counts them here. Of both versions at once, memory is with the first that counts.
    pub(crate) fn watch() -> Option<Self> {
        let memberships = fs::read_to_string("/proc/self/cgroup").ok()?;
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let files = [(Hierarchy::Two, "memory.events"), (Hierarchy::One("memory"), "memory.oom_control")];
        files.into_iter().find_map(|(hierarchy, file)| {
            let file = folder_of(hierarchy, &memberships, &mounts)?.join(file);
            Some(Self { before: kills(&fs::read_to_string(&file).ok()?)?, file })
        })
    }

    /// Whether it has killed since.
    pub(crate) fn has_struck(&self) -> bool {
        let now = fs::read_to_string(&self.file).ok().and_then(|text| kills(&text));
        now.is_some_and(|now| now > self.before)
    }
}

/// Both files have such a line.
fn kills(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kills_are_counted_by_both_versions() {
        assert_eq!(kills("low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n"), Some(2));
        assert_eq!(kills("oom_kill_disable 0\nunder_oom 0\noom_kill 7\n"), Some(7));
        assert_eq!(kills("oom_kill_disable 0\nunder_oom 0\n"), None);
    }

    #[test]
    fn a_kill_since_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let killer = Killer { file: folder.path().join("memory.events"), before: 1 };
        for (text, struck) in [("oom_kill 1\n", false), ("oom_kill 2\n", true), ("", false)] {
            fs::write(&killer.file, text).unwrap();
            assert_eq!(killer.has_struck(), struck, "{text}");
        }
    }
}
