//! Files that are whole: written aside, flushed, renamed; and taken only when nobody writes them any more.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aws_lc_rs::digest;

/// Larger than any answer of the national services.
pub const FILE_MAX: u64 = 8 * 1024 * 1024;
/// What is still being written carries this ending, ours and others'.
const UNFINISHED: [&str; 3] = ["part", "tmp", "probe"];

/// On disk before the name is there.
pub fn write_whole(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = target.with_extension("part");
    write_flushed(&part, bytes)?;
    fs::rename(&part, target)
}

pub fn write_flushed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Gone already is as good as removed.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

/// One look at a folder: files with their length and time. A folder that is away for a moment is empty.
fn look(folder: &Path) -> HashMap<PathBuf, (u64, Option<SystemTime>)> {
    let Ok(entries) = fs::read_dir(folder) else { return HashMap::new() };
    let whole = |path: &Path| {
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        let hidden = path.file_name().and_then(|n| n.to_str()).is_none_or(|n| n.starts_with('.'));
        !hidden && !UNFINISHED.contains(&ending.as_str())
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let meta = entry.metadata().ok().filter(|meta| meta.is_file())?;
            Some((entry.path(), (meta.len(), meta.modified().ok()))).filter(|(path, _)| whole(path))
        })
        .collect()
}

/// Watches one folder by looking at it; events of file systems get lost, folders do not.
pub struct Watch {
    folder: PathBuf,
    seen: HashMap<PathBuf, (u64, Option<SystemTime>, u8)>,
}

impl Watch {
    /// A file that looked the same this often in a row is finished.
    const STABLE: u8 = 2;
    /// One that is still there is named again after so many looks: its folder did not let it go.
    const AGAIN: u8 = 50;

    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), seen: HashMap::new() }
    }

    /// Files that did not change since the last looks, oldest first. An empty one waits: its writer has only begun.
    pub fn finished(&mut self) -> Vec<PathBuf> {
        let now = look(&self.folder);
        let before = std::mem::take(&mut self.seen);
        let mut done = Vec::new();
        for (path, (length, time)) in now {
            let same = before.get(&path).filter(|(l, t, _)| (*l, *t) == (length, time)).map_or(0, |(_, _, same)| *same);
            if same + 1 == Self::STABLE && length > 0 {
                done.push((time, path.clone()));
            }
            self.seen.insert(path, (length, time, if same + 1 >= Self::AGAIN { 0 } else { same + 1 }));
        }
        done.sort();
        done.into_iter().map(|(_, path)| path).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("relay-files-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    #[test]
    fn a_file_that_still_grows_is_not_taken() {
        let dir = folder("grows");
        let (file, mut watch) = (dir.join("a.xml"), Watch::new(&dir));
        fs::write(&file, b"<Xml").unwrap();
        assert!(watch.finished().is_empty(), "seen for the first time");
        fs::write(&file, b"<XmlMsg>").unwrap();
        assert!(watch.finished().is_empty(), "it has grown");
        assert_eq!(watch.finished(), std::slice::from_ref(&file));
        fs::write(dir.join("b.xml.part"), b"x").unwrap();
        fs::write(dir.join("c.xml"), b"").unwrap();
        fs::write(dir.join(".hidden"), b"x").unwrap();
        watch.finished();
        assert!(watch.finished().is_empty(), "unfinished, empty and hidden ones stay, and the first is not named at every look");
        let named: Vec<PathBuf> = (0..Watch::AGAIN).flat_map(|_| watch.finished()).collect();
        assert_eq!(named, [file]);
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_folder_that_is_away_is_empty() {
        assert!(Watch::new(Path::new("/nowhere/at/all")).finished().is_empty());
    }
}
