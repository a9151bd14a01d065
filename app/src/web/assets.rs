//! Static files carried in the binary: one hash over the whole tree names every address, so a browser may keep them for ever
//! and ES modules can still import each other by relative path. Each file is compressed once, at first use.

use std::{collections::BTreeMap, io::Write, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web,
};
use aws_lc_rs::digest;
use flate2::{Compression, write::GzEncoder};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../static"]
struct Files;

const FOREVER: &str = "public, max-age=31536000, immutable";
/// A page of the previous release asked us: give what we have, but let nobody keep it under that name.
const ONCE: &str = "no-cache";

struct Asset {
    url: String,
    mime: &'static str,
    plain: web::Bytes,
    gzip: Option<web::Bytes>,
}

struct Tree {
    hash: String,
    assets: BTreeMap<String, Asset>,
    icons: BTreeMap<String, String>,
}

static TREE: LazyLock<Tree> = LazyLock::new(Tree::load);

impl Tree {
    fn load() -> Self {
        let mut files: Vec<(String, web::Bytes)> = Files::iter()
            .filter_map(|path| Files::get(&path).map(|file| (path.into_owned(), web::Bytes::from(file.data.into_owned()))))
            .collect();
        files.sort_by(|a, b| a.0.cmp(&b.0));
        let mut context = digest::Context::new(&digest::SHA256);
        for (path, bytes) in &files {
            context.update(path.as_bytes());
            context.update(&[0]);
            context.update(bytes);
        }
        let hash = hex::encode(&context.finish().as_ref()[..8]);
        let assets: BTreeMap<_, _> = files.into_iter().map(|(path, bytes)| (path.clone(), Asset::new(&hash, &path, bytes))).collect();
        let icons = assets.get("icons.svg").map(drawings).unwrap_or_default();
        Self { hash, assets, icons }
    }
}

impl Asset {
    fn new(hash: &str, path: &str, plain: web::Bytes) -> Self {
        let (mime, is_text) = mime(path);
        let gzip = if is_text { compress(&plain) } else { None };
        Self { url: format!("/assets/{hash}/{path}"), mime, plain, gzip }
    }
}

fn drawings(sprite: &Asset) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(&sprite.plain);
    let symbol = |rest: &str| {
        let (id, rest) = rest.split_once('"')?;
        let (_, rest) = rest.split_once('>')?;
        Some((id.to_owned(), rest.split_once("</symbol>")?.0.to_owned()))
    };
    text.split("<symbol id=\"").skip(1).filter_map(symbol).collect()
}

/// Media type by ending, and whether compressing it is worth while.
fn mime(path: &str) -> (&'static str, bool) {
    match path.rsplit('.').next() {
        Some("css") => ("text/css; charset=utf-8", true),
        Some("js") => ("text/javascript; charset=utf-8", true),
        Some("svg") => ("image/svg+xml", true),
        Some("txt") => ("text/plain; charset=utf-8", true),
        Some("woff2") => ("font/woff2", false),
        Some("png") => ("image/png", false),
        _ => ("application/octet-stream", false),
    }
}

fn compress(plain: &[u8]) -> Option<web::Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    let packed = encoder.finish().ok()?;
    (packed.len() < plain.len()).then(|| packed.into())
}

/// The address of a static file, for templates. An unknown path gives an address that answers 404; a test walks all templates for those.
pub fn asset(path: &str) -> &'static str {
    TREE.assets.get(path).map_or("/assets/unknown", |asset| &asset.url)
}

/// What one mark of the sprite is drawn with. Written into the page: hundreds of references to the sprite cost a board 25 ms.
pub fn icon(name: &str) -> &'static str {
    TREE.icons.get(name).map_or("", String::as_str)
}

/// `GET /assets/{hash}/{path}`.
pub async fn serve(path: web::Path<(String, String)>, req: HttpRequest) -> HttpResponse {
    let (hash, name) = path.into_inner();
    let Some(asset) = TREE.assets.get(&name) else { return HttpResponse::NotFound().finish() };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, asset.mime))
        .insert_header((header::CACHE_CONTROL, if hash == TREE.hash { FOREVER } else { ONCE }))
        .insert_header((header::VARY, "Accept-Encoding"));
    match &asset.gzip {
        Some(packed) if accepts_gzip(req.headers().get(header::ACCEPT_ENCODING)) => {
            response.insert_header((header::CONTENT_ENCODING, "gzip")).body(packed.clone())
        }
        _ => response.insert_header((header::CONTENT_ENCODING, "identity")).body(asset.plain.clone()),
    }
}

fn accepts_gzip(value: Option<&HeaderValue>) -> bool {
    let Some(text) = value.and_then(|value| value.to_str().ok()) else { return false };
    text.split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        words.next() == Some("gzip") && !words.any(|word| matches!(word, "q=0" | "q=0.0"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_visit_stays_small() {
        let packed = |path: &str| TREE.assets[path].gzip.as_ref().unwrap().len();
        assert!(packed("css/tsumugi.css") <= 15 * 1024, "the stylesheet has a budget of 15 kB gzipped");
        let total: usize =
            TREE.assets.values().filter(|a| !a.mime.starts_with("text/plain")).filter_map(|a| a.gzip.as_ref()).map(|b| b.len()).sum();
        assert!(total <= 72 * 1024, "{total} bytes leave no room for a page within 82 kB");
    }

    #[test]
    fn templates_name_only_what_exists() {
        let mut seen = 0;
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../templates"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                for (call, resolve) in [("asset(\"", asset as fn(&str) -> &'static str), ("icon(\"", icon)] {
                    for name in text.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
                        assert_ne!(resolve(name), "/assets/unknown", "{name} in {}", path.display());
                        seen += 1;
                    }
                }
            }
        }
        assert!(seen > 20, "the walk found {seen} names; did the helpers change their spelling?");
    }

    #[test]
    fn gzip_only_for_those_who_take_it() {
        let says = |text: &'static str| accepts_gzip(Some(&HeaderValue::from_static(text)));
        assert!(says("br, gzip") && says("gzip;q=0.5"));
        assert!(!says("br") && !says("gzip;q=0") && !accepts_gzip(None));
    }
}
