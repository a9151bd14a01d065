//! Every door of the product, recorded. A handler's first argument `Access<P>` is its permission; a public door gives its reason.
//! `tests/golden/routes.txt` holds the list, so a reviewer sees each new one.

use std::collections::BTreeMap;

use actix_web::dev::Handler;
use actix_web::http::Method;
use actix_web::{FromRequest, Resource, Responder, Route, Scope, web};
use tenancy::permission::{Permission, Right};
use tenancy::{Access, DeviceAccess};

/// The permission carried by a handler's arguments.
pub trait Guarded {
    const RIGHT: &'static Right;
}

macro_rules! guarded {
    ($($($arg:ident)*;)+) => {$(
        impl<P: Permission, $($arg),*> Guarded for (Access<P>, $($arg,)*) {
            const RIGHT: &'static Right = P::RIGHT;
        }
    )+};
}
/// A handler of a machine's door names `DeviceAccess` first.
pub trait ByDevice {}

impl ByDevice for (DeviceAccess,) {}
impl<A> ByDevice for (DeviceAccess, A) {}
impl<A, B> ByDevice for (DeviceAccess, A, B) {}
impl<A, B, C> ByDevice for (DeviceAccess, A, B, C) {}

guarded! { ; A; A B; A B C; A B C D; A B C D E; A B C D E F; }

pub struct Recorded {
    pub method: Method,
    pub path: &'static str,
    /// The permission, or why none is needed.
    pub door: Door,
    make: Box<dyn Fn() -> Route>,
}

#[derive(Clone, Copy, Debug)]
pub enum Door {
    Guarded(&'static Right),
    Public(&'static str),
    /// A 連携端末 with its key.
    Device,
}

/// `/patients/{id}/chart` → `/patients` and `/{id}/chart`; the first segment never varies. `/` has no room.
fn split_room(path: &'static str) -> (&'static str, &'static str) {
    if path == "/" {
        return ("", path);
    }
    path.split_at(path.bytes().skip(1).position(|b| b == b'/').map_or(path.len(), |i| i + 1))
}

#[derive(Default)]
pub struct Routes(Vec<Recorded>);

impl Routes {
    pub fn get<F, Args>(&mut self, path: &'static str, handler: F)
    where
        F: Handler<Args>,
        Args: FromRequest + Guarded + 'static,
        F::Output: Responder + 'static,
    {
        self.add(Method::GET, path, Door::Guarded(Args::RIGHT), handler);
    }

    pub fn post<F, Args>(&mut self, path: &'static str, handler: F)
    where
        F: Handler<Args>,
        Args: FromRequest + Guarded + 'static,
        F::Output: Responder + 'static,
    {
        self.add(Method::POST, path, Door::Guarded(Args::RIGHT), handler);
    }

    pub fn public_get<F, Args>(&mut self, path: &'static str, handler: F, why: &'static str)
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.add(Method::GET, path, Door::Public(why), handler);
    }

    pub fn public_post<F, Args>(&mut self, path: &'static str, handler: F, why: &'static str)
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.add(Method::POST, path, Door::Public(why), handler);
    }

    pub fn device_get<F, Args>(&mut self, path: &'static str, handler: F)
    where
        F: Handler<Args>,
        Args: FromRequest + ByDevice + 'static,
        F::Output: Responder + 'static,
    {
        self.add(Method::GET, path, Door::Device, handler);
    }

    pub fn device_post<F, Args>(&mut self, path: &'static str, handler: F)
    where
        F: Handler<Args>,
        Args: FromRequest + ByDevice + 'static,
        F::Output: Responder + 'static,
    {
        self.add(Method::POST, path, Door::Device, handler);
    }

    fn add<F, Args>(&mut self, method: Method, path: &'static str, door: Door, handler: F)
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let verb = method.clone();
        self.0.push(Recorded { method, path, door, make: Box::new(move || web::route().method(verb.clone()).to(handler.clone())) });
    }

    pub fn recorded(&self) -> &[Recorded] {
        &self.0
    }

    /// Registers every path once with all its methods, a scope for each first segment: a request is compared with the rooms' names
    /// and then with one room's doors. A fixed path goes before one with a part that varies.
    pub fn configure(&self, config: &mut web::ServiceConfig) {
        let mut rooms: BTreeMap<&'static str, BTreeMap<(bool, &'static str), Resource>> = BTreeMap::new();
        for door in &self.0 {
            let (room, rest) = split_room(door.path);
            let doors = rooms.entry(room).or_default();
            let resource = doors.remove(&(rest.contains('{'), rest)).unwrap_or_else(|| web::resource(rest));
            doors.insert((rest.contains('{'), rest), resource.route((door.make)()));
        }
        for (room, doors) in rooms {
            if !room.is_empty() {
                config.service(doors.into_values().fold(web::scope(room), Scope::service));
                continue;
            }
            for door in doors.into_values() {
                config.service(door);
            }
        }
    }

    /// One line a door: method, path, permission or reason. The golden list.
    pub fn listing(&self) -> String {
        let mut lines: Vec<String> = self
            .0
            .iter()
            .map(|r| match r.door {
                Door::Guarded(right) => format!("{:<4} {:<60} {}", r.method, r.path, right.name),
                Door::Public(why) => format!("{:<4} {:<60} public: {why}", r.method, r.path),
                Door::Device => format!("{:<4} {:<60} device key", r.method, r.path),
            })
            .collect();
        lines.sort();
        lines.join("\n") + "\n"
    }
}
