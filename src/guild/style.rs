//! How the posts of results are worded where a server has no words of its own.

/// A way to say how a time attack ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// The card of the Korean original. In English a line says where it comes from.
    #[default]
    Classic,
    /// Friendly, also to whoever missed a deadline.
    Gentle,
    /// The facts.
    Plain,
}

impl Style {
    /// Every style, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Classic, Self::Gentle, Self::Plain];

    /// As it is sent, stored and found among the texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Gentle => "gentle",
            Self::Plain => "plain",
        }
    }

    /// Reads what [`Style::as_str`] writes.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|style| style.as_str() == name)
    }
}
