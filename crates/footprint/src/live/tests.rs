use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use lessen_units::{Figure, GramsCo2e, GramsPerKilowattHour, Joules, KilowattHours, Kind};

use super::*;
use crate::tables::{Row as _, Scope};
use crate::{Place, carbon};

const TOKEN: &str = "s3cr3t-Token+of/a=user";

const GOOD: &str = r#"{"zone":"US-CAL-CISO","carbonIntensity":322.5,"datetime":"2024-05-21T07:00:00.000Z",
    "updatedAt":"2024-05-21T07:32:21.002Z","emissionFactorType":"lifecycle","isEstimated":true,
    "estimationMethod":"TIME_SLICER_AVERAGE"}"#;

/// A server for one call, which hears the whole request and does what is said with the connection.
struct Server {
    base: String,
    heard: JoinHandle<String>,
}

impl Server {
    fn new(answer: impl FnOnce(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/v3", listener.local_addr().unwrap());
        let heard = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
                request.extend(byte);
            }
            answer(stream);
            String::from_utf8(request).unwrap()
        });
        Self { base, heard }
    }

    /// One that sends a text and closes the connection. What the client does not stay for is lost.
    fn sending(text: String) -> Self {
        Self::new(move |mut stream| {
            let _ = stream.write_all(text.as_bytes());
            let _ = stream.shutdown(Shutdown::Write);
        })
    }

    fn maps(&self) -> ElectricityMaps {
        ElectricityMaps::at(&self.base, TOKEN.to_owned())
    }

    /// What a client makes of it, and what it sent.
    fn ask(self, zone: &str) -> (Result<LiveIntensity, LiveError>, String) {
        let found = self.maps().latest(zone);
        (found, self.heard.join().unwrap())
    }

    /// The message that a client has, which holds no token in any form.
    fn refuse(self, zone: &str) -> LiveError {
        let host = self.maps().host;
        let error = self.ask(zone).0.unwrap_err();
        let (text, debug) = (error.to_string(), format!("{error:?}"));
        assert!(!text.contains(TOKEN) && !debug.contains(TOKEN), "{debug}");
        assert!(text.contains(&host) && text.len() < 300, "{text}");
        assert!(!error.hint().is_empty());
        error
    }
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn ok(body: &str) -> Server {
    Server::sending(answer("200 OK", body))
}

fn good() -> LiveIntensity {
    LiveIntensity {
        zone: "US-CAL-CISO".to_owned(),
        g_per_kwh: GramsPerKilowattHour(322.5),
        at: "2024-05-21T07:00:00Z".to_owned(),
        year: 2024,
        scope: Some(Scope::Lifecycle),
        estimated: Some(true),
    }
}

#[test]
fn a_good_answer_is_read_and_the_token_was_in_its_header() {
    let (found, heard) = ok(GOOD).ask(" US-CAL-CISO ");
    assert_eq!(found, Ok(good()));
    let (line, headers) = heard.split_once("\r\n").unwrap();
    assert_eq!(line, "GET /v3/carbon-intensity/latest?zone=US-CAL-CISO HTTP/1.1");
    assert!(headers.contains(&format!("auth-token: {TOKEN}\r\n")), "{headers}");
    assert_eq!(heard.matches(TOKEN).count(), 1, "{heard}");
}

#[test]
fn an_answer_in_pieces_is_read() {
    let whole = Server::new(|mut stream| {
        for piece in answer("200 OK", GOOD).as_bytes().chunks(40) {
            stream.write_all(piece).unwrap();
            stream.flush().unwrap();
            thread::sleep(Duration::from_millis(2));
        }
    });
    assert_eq!(whole.ask("US-CAL-CISO").0, Ok(good()));

    let (start, end) = GOOD.split_at(50);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{start}\r\n{:x}\r\n{end}\r\n0\r\n\r\n",
        start.len(),
        end.len()
    );
    assert_eq!(Server::sending(chunked).ask("US-CAL-CISO").0, Ok(good()));
}

#[test]
fn statuses_are_told_apart() {
    for (status, message, hint) in [
        ("401 Unauthorized", "refused the token (status 401)", "see whether the token is valid"),
        ("403 Forbidden", "refused the token (status 403)", "see whether the token is valid"),
        ("404 Not Found", "knows no zone `FR` (status 404)", "zones are written in capitals"),
        ("429 Too Many Requests", "status 200, found 429", "too many calls"),
        ("500 Internal Server Error", "status 200, found 500", "ask again later"),
        ("204 No Content", "status 200, found 204", "ask again later"),
    ] {
        let error = Server::sending(answer(status, TOKEN)).refuse("FR");
        assert!(error.to_string().ends_with(message) || error.to_string().contains(message), "{error}");
        assert!(error.hint().starts_with(hint), "{}", error.hint());
    }
}

#[test]
fn redirects_are_not_followed() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let place = other.local_addr().unwrap();
    let moved = format!("HTTP/1.1 302 Found\r\nLocation: http://{place}/\r\nContent-Length: 0\r\n\r\n");
    let error = Server::sending(moved).refuse("FR");
    assert!(matches!(error, LiveError::Status { status: 302, .. }), "{error}");
    assert!(error.hint().contains("redirects are not followed"));
    assert_eq!(other.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock, "nobody came");
}

#[test]
fn answers_that_are_not_understood_are_quoted_without_the_token() {
    let changed = |from: &str, to: &str| GOOD.replace(from, to).replace("US-CAL-CISO", "FR");
    let long = "x".repeat(55);
    for (body, expected, found) in [
        ("<html>log in</html>".to_owned(), "expected a JSON object", "found `<html>log in</html>`"),
        (String::new(), "expected a JSON object", "found nothing"),
        ("[1]".to_owned(), "expected a JSON object", "found `[1]`"),
        (format!("your token is {TOKEN}"), "expected a JSON object", "found `your token is …`"),
        // Struck before it is cut: no part of it is left.
        (format!("{long}{TOKEN}"), "expected a JSON object", &format!("found `{long}…`")),
        (changed("322.5", "NaN"), "expected a JSON object", "found `{\"zone\":\"FR\""),
        (changed("322.5", "-1"), "expected `carbonIntensity`, a number between 0 and 2000", "found `-1`"),
        (changed("322.5", "2001"), "expected `carbonIntensity`", "found `2001`"),
        (changed("322.5", "null"), "expected `carbonIntensity`", "found `null`"),
        (changed("322.5", "\"NaN\""), "expected `carbonIntensity`", "found `NaN`"),
        (changed("322.5", &format!("\"{TOKEN}\"")), "expected `carbonIntensity`", "found `…`"),
        (changed("carbonIntensity", "carbon"), "expected `carbonIntensity`", "found `an answer without it`"),
        (changed("\"datetime", "\"date"), "expected `datetime`", "found `an answer without it`"),
        (changed("2024-05-21T07:00:00.000Z", "today"), "expected `datetime`, an instant", "found `today`"),
        (GOOD.to_owned(), "expected `zone`, the one that was asked for", "found `US-CAL-CISO`"),
    ] {
        let error = ok(&body).refuse("FR").to_string();
        assert!(error.contains(expected) && error.contains(found), "{error}\nexpected {expected}, {found}");
    }
}

#[test]
fn an_answer_without_end_is_not_read() {
    let body = " ".repeat(MOST_BYTES as usize + 1);
    let error = ok(&body).refuse("FR").to_string();
    assert!(error.contains("expected 65536 bytes at most, found a longer answer"), "{error}");
    let padded = format!("{GOOD}{}", " ".repeat(MOST_BYTES as usize - GOOD.len()));
    assert_eq!(ok(&padded).ask("US-CAL-CISO").0, Ok(good()));
}

#[test]
fn a_server_that_is_silent_or_slow_is_left() {
    let silent = |mut stream: TcpStream| {
        // Until the client goes.
        let _ = stream.read(&mut [0]);
    };
    let slow = |mut stream: TcpStream| {
        let start = answer("200 OK", GOOD);
        for byte in start.as_bytes() {
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    };
    for server in [Server::new(silent), Server::new(slow)] {
        let begun = Instant::now();
        let found = server.maps().timeout(Duration::from_millis(250)).latest("FR");
        let host = server.maps().host;
        assert_eq!(found, Err(LiveError::Timeout { host, after: lessen_units::Seconds(0.25) }));
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        server.heard.join().unwrap();
    }
}

#[test]
fn what_cannot_be_reached_says_so() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = format!("`{closed}` cannot be reached: ");
    let none = "the address of the service: expected one such as https://api.electricitymaps.com/v3";
    for (base, message) in [
        (format!("http://{closed}/v3/"), refused.as_str()),
        (format!("http://user:password@{closed}/v3"), refused.as_str()),
        ("http://no such host/v3".to_owned(), none),
        ("ftp://127.0.0.1/v3".to_owned(), none),
        ("nonsense".to_owned(), none),
        (TOKEN.to_owned(), none),
        (String::new(), none),
    ] {
        let maps = ElectricityMaps::at(&base, TOKEN.to_owned());
        let error = maps.latest("FR").unwrap_err();
        assert!(error.to_string().starts_with(message), "{base}: {error}");
        let shown = format!("{error:?} {error} {maps:?}");
        assert!(!shown.contains("s3cr3t") && !shown.contains("password"), "{shown}");
    }
    // A slash ends the host: what comes after it is not shown either.
    assert_eq!(host(&format!("http://user:{TOKEN}@{closed}/v3")).as_deref(), Some("user"));
    let cut = Server::sending("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{".to_owned());
    let error = cut.refuse("FR");
    assert!(matches!(error, LiveError::Unreachable { .. }), "{error}");
    let nonsense = Server::sending("220 mail.example.org ESMTP\r\n\r\n".to_owned());
    let error = nonsense.refuse("FR");
    assert!(matches!(error, LiveError::NotUnderstood { .. }), "{error}");
}

#[test]
fn who_does_not_speak_tls_gets_no_token() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(answer("200 OK", GOOD).as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard);
        heard
    });
    let error =
        ElectricityMaps::at(&format!("https://{address}/v3"), TOKEN.to_owned()).latest("FR").unwrap_err();
    assert!(matches!(error, LiveError::Unreachable { .. }), "{error}");
    let heard = heard.join().unwrap();
    assert!(!heard.is_empty() && !String::from_utf8_lossy(&heard).contains(TOKEN));
}

#[test]
fn what_cannot_be_sent_is_not() {
    // Nothing listens here: a call would say that it cannot be reached.
    let maps = |token: &str| ElectricityMaps::at("http://127.0.0.1:1", token.to_owned());
    for (zone, found) in [
        ("", "found nothing"),
        ("FR&lat=1", "found `FR&lat=1`"),
        ("FR/../zones", "found `FR/../zones`"),
        ("Île", "found `Île`"),
        (&"A".repeat(33), "found `AAAA"),
        (TOKEN, "found `…`"),
    ] {
        let error = maps(TOKEN).latest(zone).unwrap_err();
        assert!(matches!(error, LiveError::BadZone { .. }), "{error}");
        assert!(error.to_string().contains(found), "{error}");
    }
    for (token, found) in
        [("", "nothing"), (" \n", "nothing"), ("a b", "spaces"), ("a\r\nb: c", "spaces"), ("ä", "spaces")]
    {
        let error = maps(token).latest("FR").unwrap_err();
        assert!(matches!(&error, LiveError::BadToken { found: what } if what.starts_with(found)), "{error}");
    }
    let error = maps(" padded-token\n").latest("FR").unwrap_err();
    assert!(
        matches!(error, LiveError::Unreachable { .. }),
        "a token is sent without blanks around it: {error}"
    );
}

#[test]
fn a_live_intensity_gives_carbon() {
    let intensity = good().intensity(Tables::built_in());
    assert_eq!(
        (intensity.region.as_str(), intensity.year, intensity.scope, intensity.source.as_str()),
        (
            "US-CAL-CISO",
            Some(2024),
            Some(Scope::Lifecycle),
            "Electricity Maps, 2024-05-21T07:00:00Z, estimated"
        )
    );
    assert_eq!(intensity.g_per_kwh.kind(), Some(Kind::Estimated));
    let spread = Tables::built_in().defaults.get("intensity-band").unwrap().figure();
    let low = spread.low().map(|low| GramsPerKilowattHour(322.5 * low));
    assert_eq!(intensity.g_per_kwh.low(), low);

    let measured = LiveIntensity { estimated: Some(false), scope: None, ..good() };
    let intensity = measured.intensity(Tables::built_in());
    assert_eq!(
        intensity.g_per_kwh.how(),
        "322.5 g/kWh, US-CAL-CISO 2024, Electricity Maps, 2024-05-21T07:00:00Z, measured"
    );
    let energy = Figure::exact(Joules::from(KilowattHours(2.0)), Kind::Measured, "a meter");
    assert_eq!(carbon(&energy, 1.0, &intensity).value(), Some(GramsCo2e(645.0)));
}

#[test]
fn the_table_stands_in_and_says_why() {
    let tables = Tables::built_in();
    let fallback = Place::find("FRA", tables).unwrap().intensity(tables);
    let (taken, why) = or_table(Ok(good()), fallback.clone(), Tables::built_in());
    assert_eq!((taken, why), (good().intensity(tables), None));

    let error = LiveError::Refused { host: "example.org".to_owned(), status: 401 };
    let (taken, why) = or_table(Err(error), fallback.clone(), Tables::built_in());
    assert_eq!(taken, fallback);
    let grid = tables.grids.get("FRA").unwrap();
    let expected = format!(
        "No live intensity, so that of {} {} was taken ({}): `example.org` refused the token (status 401).",
        grid.key(),
        grid.year,
        grid.source
    );
    assert_eq!(why, Some(expected));
}
