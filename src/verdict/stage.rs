/// Gives a stage derived with `#[serde(remote = "Self")]` its place in the report: whole when the stage ran, its
/// state and nothing else when it did not.
macro_rules! stage {
    ($stage:ident) => {
        impl serde::Serialize for $stage {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if self.ran() {
                    return Self::serialize(self, serializer);
                }
                let mut object = serializer.serialize_struct(stringify!($stage), 1)?;
                serde::ser::SerializeStruct::serialize_field(&mut object, "state", &self.state)?;
                serde::ser::SerializeStruct::end(object)
            }
        }

        impl<'de> serde::Deserialize<'de> for $stage {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }
        }
    };
}

pub(crate) use stage;
