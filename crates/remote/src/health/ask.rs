//! Asking for a page over HTTP, each time by a connection of its own.

use std::error::Error as _;
use std::io::Read;
use std::time::Duration;

use inventory::Question;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::{Response, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::judge::{Answer, Verdict, judge};

/// The most of a page that is looked at, in bytes.
const LARGEST_PAGE: u64 = 1024 * 1024;

/// Asks once. `timeout` is for all of it, from the look-up of the name to the end of the page.
#[must_use]
pub fn ask(question: &Question, timeout: Duration) -> Verdict {
    let config = Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        // A redirect is an answer like any other: 301 to the public name would ask the balancer.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("swap-release/", env!("CARGO_PKG_VERSION")))
        .proxy(None)
        .build();
    match call(question, config) {
        Ok(response) => judge(&question.expected, &answer(response)),
        Err(error) => Verdict::NoAnswer(words(&error)),
    }
}

fn call(question: &Question, config: Config) -> Result<Response<ureq::Body>, ureq::Error> {
    let url = match question.expected.release {
        Some(_) => super::code::never_asked_before(&question.url),
        None => question.url.clone(),
    };
    let uri: Uri = url.parse().map_err(|error| ureq::Error::BadUri(format!("{error}")))?;
    let named = question.host.as_deref().filter(|_| uri.scheme_str() == Some("https"));
    let (agent, url) = match named {
        None => (config.new_agent(), url),
        // Over TLS the name is said before the request, and it is the name that the certificate must have.
        Some(name) => {
            let there = DialledAs { uri: uri.clone(), resolver: DefaultResolver::default() };
            let agent = Agent::with_parts(config, DefaultConnector::default(), there);
            let path = uri.path_and_query().map_or("/", |path| path.as_str());
            (agent, format!("https://{name}{path}"))
        }
    };
    // A connection that is kept might lead to a worker of before the switch.
    let mut request = agent.get(url).header("Connection", "close");
    if let Some(host) = &question.host {
        request = request.header("Host", host);
    }
    for (name, value) in &question.headers {
        request = request.header(name, value);
    }
    request.call()
}

fn answer(mut response: Response<ureq::Body>) -> Answer {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value.as_bytes())));
    let (status, headers) = (response.status().as_u16(), headers.collect());
    let mut page = Vec::new();
    let read = response.body_mut().as_reader().take(LARGEST_PAGE).read_to_end(&mut page);
    Answer { status, headers, page: text(&page), cut: read.err().map(|error| error.to_string()) }
}

/// An error with its causes: `io: Connection refused (os error 111)` names one, others do not.
fn words(error: &ureq::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Looks up the server that is meant, whatever name the request has.
#[derive(Debug)]
struct DialledAs {
    uri: Uri,
    resolver: DefaultResolver,
}

impl Resolver for DialledAs {
    fn resolve(
        &self,
        _: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        self.resolver.resolve(&self.uri, config, timeout)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{Shutdown, TcpListener};
    use std::thread;

    use super::*;
    use inventory::Expected;

    /// A server that reads one request and says `reply`; gives its address, and in the end the request.
    fn server(reply: &'static str) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while reader.read_line(&mut request).unwrap() > 2 {}
            stream.write_all(reply.as_bytes()).unwrap();
            stream.shutdown(Shutdown::Both).ok();
            request
        });
        (address, thread)
    }

    fn question(url: String) -> Question {
        let expected = Expected { status: 200, header: None, contains: Some("fine".into()), release: None };
        Question { url, host: None, headers: Vec::new(), expected }
    }

    const SOON: Duration = Duration::from_secs(5);

    #[test]
    fn the_site_s_name_and_headers_go_with_the_question() {
        let (address, served) = server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine");
        let question = Question {
            host: Some("www.example.org".into()),
            headers: vec![("X-Forwarded-Proto".into(), "https".into())],
            ..question(format!("http://{address}/status?x=1"))
        };
        assert_eq!(ask(&question, SOON), Verdict::Good("status 200".into()));
        let request = served.join().unwrap().to_ascii_lowercase();
        assert!(request.starts_with("get /status?x=1 http/1.1\r\n"), "{request}");
        for line in
            ["\nhost: www.example.org\r\n", "\nx-forwarded-proto: https\r\n", "\nconnection: close\r\n"]
        {
            assert_eq!(request.matches(line).count(), 1, "{line:?} in {request}");
        }
        assert_eq!(request.matches("\nhost:").count(), 1, "{request}");
    }

    #[test]
    fn over_tls_the_name_is_said_first_and_the_server_dialled_all_the_same() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut hello = vec![0; 4096];
            let count = stream.read(&mut hello).unwrap();
            hello.truncate(count);
            hello
        });
        let question =
            Question { host: Some("www.example.org".into()), ..question(format!("https://{address}/")) };
        assert!(matches!(ask(&question, SOON), Verdict::NoAnswer(_)));
        let hello = thread.join().unwrap();
        let name = b"www.example.org";
        assert!(hello.windows(name.len()).any(|part| part == name), "{hello:?}");
    }

    #[test]
    fn what_is_no_answer_is_told_from_a_bad_one() {
        // Nobody listens, nobody has that name, and somebody hangs up.
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for url in [format!("http://{free}/"), "http://name.invalid/".to_owned()] {
            let verdict = ask(&question(url.clone()), SOON);
            assert!(matches!(verdict, Verdict::NoAnswer(_)), "{url}: {verdict:?}");
        }
        for (reply, bad) in [
            ("", false),
            ("nonsense\r\n\r\n", false),
            ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", true),
            ("HTTP/1.1 301 Moved\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nfi", true),
        ] {
            let (address, served) = server(reply);
            let verdict = ask(&question(format!("http://{address}/")), SOON);
            served.join().unwrap();
            match verdict {
                Verdict::Bad(_) => assert!(bad, "{reply:?}: {verdict:?}"),
                Verdict::NoAnswer(_) => assert!(!bad, "{reply:?}: {verdict:?}"),
                Verdict::Good(_) => panic!("{reply:?}: {verdict:?}"),
            }
        }
    }

    #[test]
    fn silence_is_no_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let verdict = ask(&question(format!("http://{address}/")), Duration::from_millis(200));
        assert!(matches!(verdict, Verdict::NoAnswer(_)), "{verdict:?}");
    }
}
