//! What the relay holds between the terminal's folder and the product's answer: one file each, a line of JSON and the bytes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files;

/// Where a file was found and what it was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub folder: String,
    pub name: String,
}

/// One file on its way to the product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub path: PathBuf,
    pub origin: Origin,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone)]
pub struct Spool {
    waiting: PathBuf,
    aside: PathBuf,
}

impl Spool {
    pub fn open(folder: &Path) -> io::Result<Self> {
        let spool = Self { waiting: folder.join("waiting"), aside: folder.join("aside") };
        fs::create_dir_all(&spool.waiting)?;
        fs::create_dir_all(&spool.aside)?;
        Ok(spool)
    }

    /// Takes the bytes in. The same file again lands on the same name.
    pub fn keep(&self, origin: &Origin, bytes: &[u8]) -> io::Result<()> {
        let mut whole = serde_json::to_vec(origin)?;
        whole.push(b'\n');
        whole.extend_from_slice(bytes);
        let target = self.waiting.join(files::sha256(&whole));
        files::write_whole(&target, &whole)
    }

    /// Names of what waits, the oldest first.
    pub fn waiting(&self) -> Vec<PathBuf> {
        let mut list = listed(&self.waiting);
        list.sort_by_key(|path| fs::metadata(path).and_then(|meta| meta.modified()).ok());
        list
    }

    pub fn read(&self, path: &Path) -> io::Result<Held> {
        let whole = fs::read(path)?;
        let broken = || io::Error::other("not a spooled file");
        let end = whole.iter().position(|b| *b == b'\n').ok_or_else(broken)?;
        let origin = serde_json::from_slice(&whole[..end]).map_err(|_| broken())?;
        Ok(Held { path: path.to_owned(), origin, bytes: whole[end + 1..].to_vec() })
    }

    /// The product has it.
    pub fn forget(&self, path: &Path) -> io::Result<()> {
        files::remove(path)
    }

    /// Nobody can use it; it stays here for a person.
    pub fn set_aside(&self, path: &Path) -> io::Result<()> {
        let name = path.file_name().ok_or_else(|| io::Error::other("no name"))?;
        fs::rename(path, self.aside.join(name))
    }

    pub fn counts(&self) -> (usize, usize) {
        (listed(&self.waiting).len(), listed(&self.aside).len())
    }
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let whole = |path: &PathBuf| path.extension().is_none();
    fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).filter(whole).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_reads_back_once_however_often_it_came() {
        let dir = std::env::temp_dir().join(format!("relay-spool-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        let spool = Spool::open(&dir).unwrap();
        let origin = Origin { folder: "res".into(), name: "照会\"1\".xml".into() };
        for _ in 0..2 {
            spool.keep(&origin, b"\x82\xa0\nbytes").unwrap();
        }
        spool.keep(&origin, b"other content under the same name").unwrap();
        let waiting = spool.waiting();
        assert_eq!(waiting.len(), 2);
        let held: Vec<Held> = waiting.iter().map(|path| spool.read(path).unwrap()).collect();
        assert!(held.iter().all(|held| held.origin == origin) && held.iter().any(|held| held.bytes == b"\x82\xa0\nbytes"));
        spool.set_aside(&waiting[0]).unwrap();
        spool.forget(&waiting[1]).unwrap();
        spool.forget(&waiting[1]).unwrap();
        assert_eq!(spool.counts(), (0, 1));
        fs::remove_dir_all(&dir).unwrap();
    }
}
