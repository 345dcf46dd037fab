//! As much of HTTP/1.1 (RFC 9112) as one page needs.

use crate::service::{Heard, Service};

/// The page `/metrics`.
pub(super) struct Page {
    pub(super) render: Box<dyn FnMut() -> String + Send>,
}

/// The text format of Prometheus.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Service for Page {
    /// Of the request line and all headers; a scraper sends some hundred bytes.
    const LONGEST: usize = 8192;

    fn hear(&mut self, request: &[u8], last: bool) -> Heard {
        let complete = request.windows(4).any(|four| four == b"\r\n\r\n")
            || request.windows(2).any(|two| two == b"\n\n");
        match (complete, last) {
            (true, _) => Heard::Answer(self.answer(request)),
            (false, false) => Heard::More,
            (false, true) if request.len() >= Self::LONGEST => Heard::Answer(response(
                "431 Request Header Fields Too Large",
                "",
                "the request is too long\n",
                true,
            )),
            (false, true) => Heard::Answer(bad()),
        }
    }
}

impl Page {
    fn answer(&mut self, request: &[u8]) -> Vec<u8> {
        let line = request.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let line = std::str::from_utf8(line).unwrap_or_default().trim_end_matches('\r');
        let words: Vec<&str> = line.split(' ').collect();
        let &[method, target, version] = words.as_slice() else { return bad() };
        if !version.starts_with("HTTP/1.") {
            return bad();
        }
        let has_body = method != "HEAD";
        if !matches!(method, "GET" | "HEAD") {
            return response("405 Method Not Allowed", "Allow: GET, HEAD\r\n", "expected GET\n", true);
        }
        match target.split('?').next() {
            Some("/metrics") => {
                let headers = format!("Content-Type: {METRICS}\r\n");
                response("200 OK", &headers, &(self.render)(), has_body)
            }
            _ => response("404 Not Found", "", "the numbers are at /metrics\n", has_body),
        }
    }
}

fn bad() -> Vec<u8> {
    response("400 Bad Request", "", "expected `GET /metrics HTTP/1.1`\n", true)
}

fn response(status: &str, headers: &str, body: &str, has_body: bool) -> Vec<u8> {
    let length = body.len();
    let body = if has_body { body } else { "" };
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(request: &str, last: bool) -> Option<String> {
        let mut page = Page { render: Box::new(|| "a 1\n".to_owned()) };
        match page.hear(request.as_bytes(), last) {
            Heard::More => None,
            Heard::Answer(answer) => Some(String::from_utf8(answer).unwrap()),
        }
    }

    #[test]
    fn requests_have_their_answers() {
        let long = format!("GET /metrics HTTP/1.1\r\nX: {}", "x".repeat(Page::LONGEST));
        for (request, status, body) in [
            ("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "200", "a 1\n"),
            ("GET /metrics?x=y HTTP/1.0\n\n", "200", "a 1\n"),
            ("HEAD /metrics HTTP/1.1\r\n\r\n", "200", ""),
            ("GET / HTTP/1.1\r\n\r\n", "404", "the numbers are at /metrics\n"),
            ("GET /metrics/ HTTP/1.1\r\n\r\n", "404", "the numbers are at /metrics\n"),
            ("POST /metrics HTTP/1.1\r\n\r\n", "405", "expected GET\n"),
            ("GET /metrics\r\n\r\n", "400", "expected `GET /metrics HTTP/1.1`\n"),
            ("GET /metrics HTTP/2\r\n\r\n", "400", "expected `GET /metrics HTTP/1.1`\n"),
            ("GET /metrics HT", "400", "expected `GET /metrics HTTP/1.1`\n"),
            (&long, "431", "the request is too long\n"),
        ] {
            let answer = answer(request, true).unwrap();
            let (head, found) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {head}");
            assert_eq!(found, body, "{request}");
        }
        assert_eq!(answer("GET /metrics HTTP/1.1\r\n", false), None, "the headers are not over");
        assert!(answer("HEAD /metrics HTTP/1.1\r\n\r\n", false).unwrap().contains("Content-Length: 4\r\n"));
    }
}
