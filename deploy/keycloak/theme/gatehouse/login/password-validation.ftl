<#-- A new password's rules, for newPassword.js; Keycloak itself holds them in any case. -->
<#macro templates></#macro>

<#macro script field="">
  <div data-rules-of="${field}" hidden>
    <#list {
      "length": "invalidPasswordMinLengthMessage", "maxLength": "invalidPasswordMaxLengthMessage",
      "lowerCase": "invalidPasswordMinLowerCaseCharsMessage", "upperCase": "invalidPasswordMinUpperCaseCharsMessage",
      "digits": "invalidPasswordMinDigitsMessage", "specialChars": "invalidPasswordMinSpecialCharsMessage"
    } as rule, words>
    <#if passwordPolicies[rule]??><span data-rule="${rule}" data-value="${passwordPolicies[rule]}">${msg(words)}</span></#if>
    </#list>
  </div>
  <script type="module" src="${url.resourcesPath}/js/newPassword.js"></script>
</#macro>
