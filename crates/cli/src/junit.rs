//! JUnit XML for Jenkins: one test case a host.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::sanitize;

/// How one host did.
#[derive(Debug, Clone)]
pub struct HostCase {
    /// Name of the host.
    pub host: String,
    /// Its group, if any; the class name is `fleet.<group>`, else `fleet.all`.
    pub group: Option<String>,
    /// How long it took, if known.
    pub time: Option<Duration>,
    /// Why it failed; `None` is a success.
    pub failure: Option<String>,
    /// Not begun; shown as skipped.
    pub skipped: bool,
}

/// The XML of a suite, e.g. `fleet-push`. Texts are sanitised: they come from hosts.
///
/// # Errors
/// If the XML library refuses; it has no reason to.
pub fn junit(suite: &str, cases: &[HostCase]) -> Result<String, quick_junit::SerializeError> {
    let mut tests = TestSuite::new(suite);
    for case in cases {
        let mut status = match (&case.failure, case.skipped) {
            (Some(_), _) => TestCaseStatus::non_success(NonSuccessKind::Failure),
            (None, true) => TestCaseStatus::skipped(),
            (None, false) => TestCaseStatus::success(),
        };
        if let Some(failure) = &case.failure {
            status.set_message(sanitize(failure));
        }
        let mut test = TestCase::new(sanitize(&case.host), status);
        test.set_classname(format!("fleet.{}", case.group.as_deref().unwrap_or("all")));
        if let Some(time) = case.time {
            test.set_time(time);
        }
        tests.add_test_case(test);
    }
    let mut report = Report::new(suite);
    report.add_test_suite(tests);
    report.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_case_a_host_and_no_escape_codes() {
        let case = |host: &str, failure: Option<&str>| HostCase {
            host: host.into(),
            group: None,
            time: Some(Duration::from_millis(1500)),
            failure: failure.map(Into::into),
            skipped: false,
        };
        let xml =
            junit("fleet-push", &[case("web1", None), case("web2", Some("it said \x1b[31m<no>"))]).unwrap();
        assert!(xml.contains(r#"tests="2""#) && xml.contains(r#"failures="1""#), "{xml}");
        assert!(xml.contains(r#"name="web1" classname="fleet.all" time="1.500""#), "{xml}");
        assert!(xml.contains("&lt;no&gt;") && !xml.contains('\x1b'), "{xml}");
    }
}
