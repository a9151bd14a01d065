//! Bytes over the wire, compressed as a browser would ask for them.

use std::collections::BTreeSet;

use crate::visitor::Visitor;

async fn gzipped(visitor: &Visitor, path: &str) -> anyhow::Result<(usize, String)> {
    let url = format!("{}{path}", visitor.base);
    let bytes = visitor.http.get(&url).header("accept-encoding", "gzip").send().await?.error_for_status()?.bytes().await?;
    Ok((bytes.len(), visitor.get(path).await?))
}

fn addresses(text: &str) -> BTreeSet<String> {
    let quoted = text.split(['"', '\'']).filter(|part| part.starts_with("/assets/"));
    quoted.map(|part| part.split('#').next().unwrap_or(part).to_owned()).collect()
}

/// Modules name each other relative to themselves.
fn imports(path: &str, text: &str) -> BTreeSet<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let names = text.split(['"', '\'']).filter_map(|part| part.strip_prefix("./").filter(|name| name.ends_with(".js")));
    names.map(|name| format!("{folder}/{name}")).collect()
}

/// The page alone, and the page with everything it loads the first time.
pub async fn of(visitor: &Visitor, path: &str) -> anyhow::Result<(usize, usize)> {
    let (page, html) = gzipped(visitor, path).await?;
    let (mut total, mut waiting, mut seen) = (page, addresses(&html), BTreeSet::new());
    while let Some(asset) = waiting.pop_first() {
        if !seen.insert(asset.clone()) {
            continue;
        }
        let (bytes, text) = gzipped(visitor, &asset).await?;
        total += bytes;
        if asset.ends_with(".js") {
            waiting.extend(imports(&asset, &text));
        }
    }
    Ok((page, total))
}
