package mailrules

// rule is a line of the table of HTML rules: H1 is the language, H18 privacy.
type rule struct {
	name  string
	check func(*page)
}

var htmlRules = []rule{
	{"H1", checkDoctype},
	{"H1", checkLanguages},
	{"H2", checkMetas},
	{"H3", checkTitle},
	{"H4", checkTables},
	{"H5", checkWidth},
	{"H5", checkConditionals},
	{"H5", checkBalance},
	{"H6", checkStyleSheet},
	{"H6", checkInlined},
	{"H7", checkDeclarations},
	{"H7", checkCellColors},
	{"H8", checkDarkRules},
	{"H8", checkContrast},
	{"H9", checkPreheader},
	{"H10", checkHeadings},
	{"H11", checkImages},
	{"H12", checkLinkTexts},
	{"H13", checkButtons},
	{"H14", checkPlainTags},
	{"H15", checkSize},
	{"H16", checkActiveContent},
	{"H16", checkTargets},
	{"H17", checkFooter},
	{"H18", checkPrivacy},
	{"spam", checkSpamSigns},
}

var textRules = []struct {
	name  string
	check func(*textPart)
}{
	{"text", checkTextWords},
	{"text", checkTextLinks},
	{"text", checkTextLines},
	{"text", checkTextSignature},
	{"H17", checkTextFooter},
}

var headerRules = []func(*findings, message, Options){
	checkPresence,
	checkAddresses,
	checkSubject,
	checkIdentity,
	checkList,
	checkUnsubscribe,
	checkAutomation,
	checkLeaks,
}

// kind is what is known of a violation before it happens.
type kind struct {
	severity Severity
	rgaa     string
}

// kinds lists every violation; RGAA numbers are those of version 4.1.
var kinds = map[string]kind{
	"mail-unreadable":  {Error, ""},
	"mail-line-ending": {Error, ""},
	"mail-line-length": {Error, ""},
	"mail-not-ascii":   {Error, ""},
	"mail-parts":       {Error, ""},
	"mail-encoding":    {Error, ""},

	"mail-header-missing":     {Error, ""},
	"mail-header-repeated":    {Error, ""},
	"mail-header-software":    {Error, ""},
	"mail-header-recipients":  {Error, ""},
	"mail-address":            {Error, ""},
	"mail-address-freemail":   {Advice, ""},
	"mail-subject-encoding":   {Error, ""},
	"mail-subject-length":     {Advice, ""},
	"mail-subject-space":      {Error, ""},
	"mail-subject-capitals":   {Advice, ""},
	"mail-date":               {Error, ""},
	"mail-message-id":         {Error, ""},
	"mail-list-id":            {Error, ""},
	"mail-unsubscribe-header": {Error, ""},
	"mail-one-click":          {Error, ""},
	"mail-precedence":         {Error, ""},
	"mail-feedback-id":        {Error, ""},
	"mail-auto-submitted":     {Error, ""},
	"mail-host-leak":          {Error, ""},

	"mail-doctype":              {Error, "8.1"},
	"mail-lang":                 {Error, "8.3"},
	"mail-dir":                  {Error, "8.10"},
	"mail-article":              {Error, "8.3"},
	"mail-block-lang":           {Error, "8.8"},
	"mail-meta":                 {Error, ""},
	"mail-office-settings":      {Error, ""},
	"mail-title":                {Error, "8.6"},
	"mail-table-role":           {Error, "5.3"},
	"mail-table-attributes":     {Error, ""},
	"mail-table-scope":          {Error, "5.7"},
	"mail-table-layout-headers": {Error, "5.8"},
	"mail-width":                {Error, ""},
	"mail-ghost-table":          {Error, ""},
	"mail-conditional":          {Error, ""},
	"mail-unbalanced":           {Error, "8.2"},
	"mail-style-size":           {Error, ""},
	"mail-style-rule":           {Error, ""},
	"mail-style-inline":         {Error, ""},
	"mail-css-length":           {Error, ""},
	"mail-css-color":            {Error, ""},
	"mail-css-property":         {Error, ""},
	"mail-css-margin":           {Advice, ""},
	"mail-bgcolor":              {Error, ""},
	"mail-dark-missing":         {Error, ""},
	"mail-dark-twin":            {Error, ""},
	"mail-dark-important":       {Error, ""},
	"mail-contrast":             {Error, "3.2"},
	"mail-contrast-dark":        {Error, "3.2"},
	"mail-pure-contrast":        {Error, ""},
	"mail-preheader":            {Error, ""},
	"mail-preheader-hidden":     {Error, ""},
	"mail-preheader-length":     {Error, ""},
	"mail-preheader-filler":     {Error, ""},
	"mail-preheader-disguised":  {Error, ""},
	"mail-h1":                   {Error, "9.1"},
	"mail-heading-skip":         {Error, "9.1"},
	"mail-heading-empty":        {Error, "9.1"},
	"mail-image-source":         {Error, ""},
	"mail-image-format":         {Error, ""},
	"mail-image-size":           {Error, ""},
	"mail-image-alt":            {Error, "1.1"},
	"mail-image-style":          {Error, ""},
	"mail-link-underline":       {Error, "10.6"},
	"mail-link-host":            {Error, "6.1"},
	"mail-link-vague":           {Advice, "6.1"},
	"mail-link-empty":           {Error, "6.2"},
	"mail-button-cell":          {Error, ""},
	"mail-button-height":        {Error, ""},
	"mail-button-outlook":       {Error, ""},
	"mail-code-wrap":            {Error, ""},
	"mail-sectioning":           {Error, ""},
	"mail-link-anchor":          {Advice, ""},
	"mail-size":                 {Error, ""},
	"mail-size-near":            {Advice, ""},
	"mail-active":               {Error, ""},
	"mail-link-target":          {Error, ""},
	"mail-link-insecure":        {Advice, ""},
	"mail-footer":               {Error, ""},
	"mail-footer-unsubscribe":   {Error, ""},
	"mail-pixel":                {Error, ""},
	"mail-remote":               {Error, ""},

	"mail-image-only": {Error, "1.8"},
	"mail-zero-width": {Error, ""},

	"mail-text-words":  {Error, ""},
	"mail-text-links":  {Error, ""},
	"mail-text-width":  {Advice, ""},
	"mail-text-space":  {Error, ""},
	"mail-text-markup": {Advice, ""},
	"mail-text-footer": {Error, ""},
}
