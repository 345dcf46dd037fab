//! The metrics server over real connections.

#![allow(clippy::unwrap_used, reason = "helpers of tests are outside of what clippy takes for one")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use lessen_command::metrics::{Reach, ServeError, serve};

fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

const ANY: &str = "127.0.0.1:0";

#[test]
fn a_scrape_gets_the_numbers_of_its_moment() {
    let mut scrapes = 0;
    let render = move || {
        scrapes += 1;
        format!("scrapes {scrapes}\n")
    };
    let server = serve(ANY.parse().unwrap(), Reach::ThisMachine, render).unwrap();
    for scrape in 1..4 {
        let reply = ask(server.address(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
        assert!(reply.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
        assert!(reply.ends_with(&format!("\r\n\r\nscrapes {scrape}\n")));
    }
    assert!(ask(server.address(), "GET /x HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
    let address = server.address();
    drop(server);
    assert!(TcpStream::connect(address).is_err(), "nobody is there any more");
}

#[test]
fn a_page_larger_than_any_buffer_arrives_whole() {
    let page = "x 1\n".repeat(4_000_000);
    let length = page.len();
    let server = serve(ANY.parse().unwrap(), Reach::ThisMachine, move || page.clone()).unwrap();
    let reply = ask(server.address(), "GET /metrics HTTP/1.1\r\n\r\n");
    assert_eq!(reply.split_once("\r\n\r\n").unwrap().1.len(), length);
}

#[test]
fn a_client_that_says_nothing_is_cut_off_and_holds_nobody_up() {
    let server = serve(ANY.parse().unwrap(), Reach::ThisMachine, || "a 1\n".to_owned()).unwrap();
    let mut silent = TcpStream::connect(server.address()).unwrap();
    silent.write_all(b"GET /met").unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let before = Instant::now();
    assert!(ask(server.address(), "GET /metrics HTTP/1.1\r\n\r\n").ends_with("a 1\n"));
    assert!(before.elapsed() < Duration::from_secs(2), "not after the silent one");
    assert_eq!(silent.read(&mut [0; 8]).unwrap_or(0), 0, "cut off");
}

#[test]
fn others_are_served_only_on_request() {
    let open: SocketAddr = "0.0.0.0:0".parse().unwrap();
    assert!(matches!(serve(open, Reach::ThisMachine, String::new), Err(ServeError::NotLocal { .. })));
    let server = serve(open, Reach::Anyone, || "a 1\n".to_owned()).unwrap();
    let here = SocketAddr::from(([127, 0, 0, 1], server.address().port()));
    assert!(ask(here, "GET /metrics HTTP/1.1\r\n\r\n").ends_with("a 1\n"));
    let taken = serve(here, Reach::ThisMachine, String::new).unwrap_err();
    assert!(matches!(taken, ServeError::Refused { .. }) && taken.hint().unwrap().contains("port"), "{taken}");
}
