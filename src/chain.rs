//! An error told with its causes.
//!
//! Nothing here may choose what is told: every cause is, once.

use std::error::Error;
use std::fmt;

/// An error with its causes, each once: several layers of HTTP clients repeat
/// the one below them.
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.0.to_string();
        f.write_str(&told)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !told.contains(&text) {
                write!(f, ": {text}")?;
                told = text;
            }
            next = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Layer>>,
    }

    #[test]
    fn each_cause_is_told_once() {
        let layer = |text, source: Option<Layer>| Layer {
            text,
            source: source.map(Box::new),
        };
        let error = layer(
            "sending: refused",
            Some(layer("refused", Some(layer("port 5", None)))),
        );
        assert_eq!(Chain(&error).to_string(), "sending: refused: port 5");
    }
}
