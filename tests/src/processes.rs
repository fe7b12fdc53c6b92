//! Processes of this machine, as `/proc` shows them (proc_pid_stat(5)).

use rustix::process::{kill_process, Pid, Signal};
use std::{collections::BTreeSet, fs, io};

/// A process. Its start tells it apart from a later one that got the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    pid: u32,
    /// In clock ticks since the machine was started.
    started: u64,
}

/// What is asked of a process.
struct Stat {
    /// Whether it has ended and only waits for its parent to take note.
    is_zombie: bool,
    parent: u32,
    started: u64,
}

impl Process {
    /// The process of this number, if it runs.
    pub fn of(pid: u32) -> Option<Self> {
        let stat = stat(pid).filter(|stat| !stat.is_zombie)?;
        Some(Self {
            pid,
            started: stat.started,
        })
    }

    /// The children of `ancestor`, their children and so on, that run.
    pub fn descendants(ancestor: u32) -> Vec<Self> {
        let all: Vec<(u32, u32)> = numbers()
            .filter_map(|pid| Some((pid, stat(pid)?.parent)))
            .collect();
        let mut family = BTreeSet::from([ancestor]);
        loop {
            let before = family.len();
            let children = all.iter().filter(|(_, parent)| family.contains(parent));
            let children: Vec<u32> = children.map(|(pid, _)| *pid).collect();
            family.extend(children);
            if family.len() == before {
                break;
            }
        }
        family.remove(&ancestor);
        family.into_iter().filter_map(Self::of).collect()
    }

    /// Whether it runs.
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid) == Some(*self)
    }

    /// Ends it without a chance to do anything.
    pub fn kill(&self) -> io::Result<()> {
        match i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            Some(pid) if self.is_alive() => Ok(kill_process(pid, Signal::KILL)?),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        }
    }
}

fn numbers() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").expect("/proc can be read");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in parentheses and may hold some itself.
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    Some(Stat {
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}
