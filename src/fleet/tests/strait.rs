//! A way over TCP to a PostgreSQL server, which can be made as bad as networks are.

#![allow(dead_code)] // Each room that has one needs another part of it.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::spawn;

/// What becomes of what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    /// It comes through.
    Fair,
    /// It is kept, and comes through when the weather is fair again.
    Held,
    /// It is lost, as is all that is ever sent on connections which saw it; nobody is told.
    Swallowed,
    /// Connections are cut, and new ones too.
    Cut,
}

struct State {
    weather: Weather,
    /// How many connections there were, and the last of those that are lost.
    count: u64,
    lost: u64,
    open: Vec<(TcpStream, UnixStream)>,
}

/// A listener that passes on what it gets.
pub(crate) struct Strait {
    shared: Arc<(Mutex<State>, Condvar)>,
    port: u16,
}

impl Strait {
    /// To the server whose socket is in the folder that an address of it names.
    pub fn to(address: &str) -> Self {
        let folder = address.split("host=").nth(1).unwrap().split('&').next().unwrap();
        let socket = PathBuf::from(folder).join(".s.PGSQL.5432");
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State { weather: Weather::Fair, count: 0, lost: 0, open: Vec::new() };
        let shared = Arc::new((Mutex::new(state), Condvar::new()));
        let own = Arc::clone(&shared);
        spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, UnixStream::connect(&socket)) else { continue };
                pass(&own, client, server);
            }
        });
        Self { shared, port }
    }

    /// The address of a database on this side of it.
    pub fn address(&self, name: &str) -> String {
        self.address_by("127.0.0.1", name)
    }

    /// The same for those who call this machine by another name.
    pub fn address_by(&self, host: &str, name: &str) -> String {
        format!("postgres://filigrane@{host}:{}/{name}?sslmode=disable", self.port)
    }

    pub fn turn(&self, weather: Weather) {
        let mut state = lock(&self.shared);
        state.weather = weather;
        if weather == Weather::Swallowed {
            state.lost = state.count;
        }
        if weather == Weather::Cut {
            state.open.drain(..).for_each(|(client, server)| cut(&client, &server));
        }
        self.shared.1.notify_all();
    }

    /// How many connections there were.
    pub fn connections(&self) -> u64 {
        lock(&self.shared).count
    }
}

fn lock(shared: &(Mutex<State>, Condvar)) -> MutexGuard<'_, State> {
    shared.0.lock().unwrap()
}

fn cut(client: &TcpStream, server: &UnixStream) {
    // Each may be gone already.
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

fn pass(shared: &Arc<(Mutex<State>, Condvar)>, client: TcpStream, server: UnixStream) {
    let mut state = lock(shared);
    if state.weather == Weather::Cut {
        return;
    }
    state.count += 1;
    let number = state.count;
    if state.weather == Weather::Swallowed {
        state.lost = number;
    }
    let again =
        |client: &TcpStream, server: &UnixStream| (client.try_clone().unwrap(), server.try_clone().unwrap());
    let [there, back] = [again(&client, &server), again(&client, &server)];
    state.open.push((client, server));
    drop(state);
    let [one, other] = [Arc::clone(shared), Arc::clone(shared)];
    spawn(move || copy(&one, number, (&there.0, &there.1), &there));
    spawn(move || copy(&other, number, (&back.1, &back.0), &back));
}

fn copy<R, W>(
    shared: &(Mutex<State>, Condvar),
    number: u64,
    (mut from, mut to): (&R, &W),
    (client, server): &(TcpStream, UnixStream),
) where
    for<'a> &'a R: std::io::Read,
    for<'a> &'a W: std::io::Write,
{
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let mut state = lock(shared);
        while state.weather == Weather::Held {
            state = shared.1.wait(state).unwrap();
        }
        // Of one that is lost, ends are not told either.
        let is_lost = state.lost >= number;
        drop(state);
        if !is_lost && to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    if lock(shared).lost < number {
        cut(client, server);
    }
}
