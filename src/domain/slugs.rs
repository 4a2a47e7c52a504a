//! Enums whose variants have a name outside the program: in the database, in tokens, in the policy or on pages.

/// Defines such an enum, with its variants in order (`ALL`), their names (`slug`) and the way back (`FromStr`).
macro_rules! slugs {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $slug:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant),+
        }

        impl $name {
            /// Every variant, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name outside the program.
            pub fn slug(self) -> &'static str {
                match self {
                    $(Self::$variant => $slug),+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();
            fn from_str(slug: &str) -> Result<Self, ()> {
                Self::ALL.iter().copied().find(|one| one.slug() == slug).ok_or(())
            }
        }
    };
}
pub(crate) use slugs;
