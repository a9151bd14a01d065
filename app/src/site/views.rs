//! Pages for everybody.

use askama::Template;

use super::features::{Answer, Feature};
use super::prices::Prices;

#[derive(Template)]
#[template(path = "site/home.html")]
pub struct HomePage;

#[derive(Template)]
#[template(path = "site/pricing.html")]
pub struct PricingPage {
    pub prices: Prices,
}

/// Items of one part of the form, in its order.
pub struct FeatureGroup<'a> {
    pub name: &'a str,
    pub features: Vec<&'a Feature>,
}

#[derive(Template)]
#[template(path = "site/features.html")]
pub struct FeaturesPage<'a> {
    pub groups: Vec<FeatureGroup<'a>>,
    pub counts: Vec<(Answer, usize)>,
    pub total: usize,
}

impl<'a> FeaturesPage<'a> {
    pub fn of(features: &'a [Feature]) -> Self {
        let mut groups: Vec<FeatureGroup<'a>> = Vec::new();
        for feature in features {
            match groups.last_mut().filter(|group| group.name == feature.group) {
                Some(group) => group.features.push(feature),
                None => groups.push(FeatureGroup { name: &feature.group, features: vec![feature] }),
            }
        }
        let count = |answer: Answer| (answer, features.iter().filter(|feature| feature.answer == answer).count());
        Self { groups, counts: Answer::ALL.map(count).to_vec(), total: features.len() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::web::samples;

    #[test]
    fn samples() {
        samples::show("site-home", &HomePage);
        samples::show("site-pricing", &PricingPage { prices: Prices::read().unwrap() });
        let features = super::super::features::read().unwrap();
        samples::show("site-features", &FeaturesPage::of(&features));
    }
}
